// SPDX-License-Identifier: MIT
#include "policy/kernels/select_gemv.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "rt/clock.hpp"

namespace tactus::policy::kernels {
namespace {

constexpr std::size_t kTried = 5;      // by time, of those that fit
constexpr int64_t kLongEnough = 3000;  // ns of one measurement
constexpr int64_t kMostCalls = 1024;
constexpr int kRounds = 20;
constexpr double kWorthIt = 0.97;  // of the rule's time, to leave the rule
constexpr std::size_t kMostFloats = 1 << 19;  // 2 MB, a second-level cache

struct Free {
  void operator()(float* p) const { ::operator delete[](p, kAlign); }
  static constexpr std::align_val_t kAlign{64};
};
std::unique_ptr<float[], Free> aligned(std::size_t floats) {
  auto* p = static_cast<float*>(::operator new[](4 * floats, Free::kAlign));
  std::memset(p, 0, 4 * floats);
  return std::unique_ptr<float[], Free>(p);
}

// One candidate, its weights packed (zeros) and its values in place.
class Trial {
 public:
  Trial(const KernelSet& set, const Gemv& kernel, const Matrix& m)
      : kernel_(&kernel),
        shape_(shape_of(set, kernel, m.n, m.k)),
        weights_(aligned(shape_.floats())),
        x_(aligned(kBlock + inputs_read(shape_, kernel) + kBlock)),
        y_(aligned(shape_.panels * kernel.outputs + kernel.written + kBlock)) {}
  [[nodiscard]] const Gemv& kernel() const { return *kernel_; }
  [[nodiscard]] double best() const { return best_; }
  // ns per call; the shortest so far is kept.
  void measure() {
    for (;;) {
      const int64_t begin = rt::monotonic_ns();
      for (int64_t c = 0; c < calls_; ++c) call();
      const int64_t spent = rt::monotonic_ns() - begin;
      if (spent >= kLongEnough || calls_ >= kMostCalls)
        return keep(static_cast<double>(spent) / static_cast<double>(calls_));
      calls_ *= 2;
    }
  }

 private:
  void keep(double ns) { best_ = std::min(best_, ns); }
  void call() {
    for (std::size_t p = 0; p < shape_.panels; ++p)
      kernel_->run(weights_.get() + p * shape_.stride, x_.get() + kBlock,
                   y_.get() + p * kernel_->outputs, shape_.steps);
  }

  const Gemv* kernel_;
  GemvShape shape_;
  std::unique_ptr<float[], Free> weights_, x_, y_;
  int64_t calls_ = 1;
  double best_ = 1e18;
};

std::vector<const Gemv*> ranked(const KernelSet& set, const Matrix& m,
                                Beyond beyond) {
  std::vector<const Gemv*> list;
  for (const Gemv& g : set.of(m.format))
    if (fits(set, g, m, beyond)) list.push_back(&g);
  std::ranges::stable_sort(
      list, {}, [&](const Gemv* g) { return predicted(set, *g, m.n, m.k); });
  return list;
}

}  // namespace

bool fits(const KernelSet& set, const Gemv& kernel, const Matrix& m,
          Beyond beyond) noexcept {
  if (is_integer(kernel.format)) return true;
  const std::size_t read = inputs_read(shape_of(set, kernel, m.n, m.k), kernel);
  return beyond == Beyond::kForbidden ? read == m.k
                                      : read <= blocks_of(m.k) * kBlock;
}

// Two loads a cycle, one of them for each multiplication's weights; four
// cycles of latency per addition, where too few chains hide it; what a panel
// costs to begin, to reduce and to leave.
double predicted(const KernelSet& set, const Gemv& kernel, std::size_t n,
                 std::size_t k) noexcept {
  const GemvShape shape = shape_of(set, kernel, n, k);
  const auto steps = static_cast<double>(shape.steps);
  const double loads = steps * (kernel.accumulators + 1.0) / 2;
  const double chain = 4 * steps / kernel.unroll;
  const double reduce =
      kernel.block == 1
          ? 0
          : 2.0 * kernel.accumulators + 6.0 * std::countr_zero(kernel.block);
  const double join = kernel.unroll > 1 ? 4.0 * kernel.unroll : 0;
  return static_cast<double>(shape.panels) *
         (std::max(loads, chain) + reduce + join + 12);
}

// Every set has a kernel with block 1 and unroll 1, or k is padded: the list
// is never empty. (kBf16 takes pairs: an odd k needs the padding.)
const Gemv& by_rule(const KernelSet& set, const Matrix& m,
                    Beyond beyond) noexcept {
  const Gemv* best = &set.of(m.format).front();
  double least = std::numeric_limits<double>::infinity();
  for (const Gemv& g : set.of(m.format)) {
    if (!fits(set, g, m, beyond)) continue;
    const double cost = predicted(set, g, m.n, m.k);
    if (cost < least) best = &g;
    least = std::min(least, cost);
  }
  return *best;
}

const Gemv& by_time(const KernelSet& set, const Matrix& m, Beyond beyond,
                    int64_t& left_ns) {
  auto list = ranked(set, m, beyond);
  if (left_ns <= 0 || m.n * m.k > kMostFloats) return *list.front();
  const int64_t begin = rt::monotonic_ns();
  const int64_t end = begin + std::min(left_ns, kTimedLayer);
  list.resize(std::min(list.size(), kTried));
  std::vector<Trial> trials;
  for (const Gemv* g : list) trials.emplace_back(set, *g, m);
  // Turn by turn: a bad moment of the machine hits all of them.
  for (int round = 0; round < kRounds && rt::monotonic_ns() < end; ++round)
    for (Trial& t : trials) t.measure();
  left_ns -= rt::monotonic_ns() - begin;
  const Trial* best = &trials.front();  // what the rule takes
  for (const Trial& t : trials) {
    const bool rule = best == &trials.front();
    if (t.best() < best->best() * (rule ? kWorthIt : 1)) best = &t;
  }
  return best->kernel();
}

}  // namespace tactus::policy::kernels
