// SPDX-License-Identifier: MIT
// ConvTranspose: its places that lie a stride apart have their taps in common,
// and with these it is an ordinary convolution of stride 1 that writes a
// stride apart. One product for each such phase; no tap is multiplied that
// meets nothing.
#include <algorithm>
#include <array>

#include "policy/backends/fused_window.hpp"

namespace tactus::policy::fused {
namespace {

constexpr std::size_t kMostPhases = 4096;

// Along one axis: y's places first, first + stride, … (count of them). Place
// j of those adds x[j + reads] times its tap.
struct Phase {
  int64_t first, count;
  struct Tap {
    int64_t at, reads;
  };
  std::vector<Tap> taps;
};

// What of an axis lies before and behind x, at the most.
struct Beyond {
  int64_t before = 0, behind = 0;
};

std::vector<Phase> phases_of(const ir::Window& w, std::size_t axis, int64_t in,
                             int64_t out, Beyond& beyond) {
  const int64_t stride = w.stride[axis];
  std::vector<Phase> phases;
  for (int64_t first = 0; first < std::min(stride, out); ++first) {
    Phase p{first, (out - first + stride - 1) / stride, {}};
    for (int64_t t = 0; t < w.kernel[axis]; ++t) {
      const int64_t from = first + w.begin[axis] - t * w.dilation[axis];
      if (from % stride != 0) continue;
      const int64_t reads = from / stride, last = p.count - 1 + reads;
      if (reads >= in || last < 0) continue;  // nothing of x for any place
      p.taps.push_back({t, reads});
      beyond.before = std::max(beyond.before, -reads);
      beyond.behind = std::max(beyond.behind, last - (in - 1));
    }
    phases.push_back(std::move(p));
  }
  return phases;
}

}  // namespace

class TransposedLowering : private Windowed {
 public:
  TransposedLowering(Lowering& lowering, const ir::Node& node)
      : Windowed(lowering, node),
        groups_(node.ints[ir::kWindowInts]),
        made_(l_.graph_.at(node.out[0]).dims[1] / groups_),
        taken_(l_.graph_.at(node.in[0]).dims[1] / groups_) {}

  bool run();

 private:
  using Phases = std::array<const Phase*, 3>;

  [[nodiscard]] bool fits() const;
  View input();
  template <class Each>
  static void each_tap(const Phases& phases, Each each);
  ProductStep packed(const Phases& phases);
  bool add(const Phases& phases, const View& x);

  int64_t groups_, made_, taken_;  // channels of a group
  std::array<Beyond, 3> beyond_{};
  std::array<std::vector<Phase>, 3> phases_;
  std::size_t y_ = 0;
};

bool TransposedLowering::fits() const {
  double floats = static_cast<double>(batch_ * groups_ * taken_);
  std::size_t phases = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    floats *= static_cast<double>(beyond_[a].before + in_[a]) +
              static_cast<double>(beyond_[a].behind);
    phases = std::min(kMostPhases, phases) * phases_[a].size();
  }
  return floats <= kMostPadded && phases <= kMostPhases;
}

// x, with zeros around it if a tap reads there.
View TransposedLowering::input() {
  View x = five_axes(l_.view_of(node_.in[0]));
  Dims begin{0, 0, 0, 0, 0}, size = x.dims;
  for (std::size_t a = 0; a < 3; ++a) {
    begin[2 + a] = beyond_[a].before;
    size[2 + a] += beyond_[a].before + beyond_[a].behind;
  }
  const auto channels = x.stride[1] == 1 ? Channels::kLast : Channels::kFirst;
  if (size == x.dims && std::ranges::min(x.stride) >= 0) return x;
  return padded(x, begin, size, channels, 0);
}

// Along all three axes at once.
template <class Each>
void TransposedLowering::each_tap(const Phases& phases, Each each) {
  for (const Phase::Tap& i : phases[0]->taps)
    for (const Phase::Tap& j : phases[1]->taps)
      for (const Phase::Tap& k : phases[2]->taps) each(i, j, k);
}

// Bias and weights [C, M / group, …] of every group, one behind the other.
ProductStep TransposedLowering::packed(const Phases& phases) {
  Dims places;  // in a plane of weights
  each_tap(phases, [&](const auto& i, const auto& j, const auto& k) {
    places.push_back((i.at * w_.kernel[1] + j.at) * w_.kernel[2] + k.at);
  });
  ProductStep step;
  step.shape.n = static_cast<std::size_t>(made_);
  step.shape.k = static_cast<std::size_t>(taken_) * places.size();
  step.shape.rows = static_cast<std::size_t>(phases[2]->count);
  const auto groups = static_cast<std::size_t>(groups_);
  l_.reserve_weights(step, groups);
  const double* w = ir::data_of(l_.graph_, node_.in[1]).data();
  std::vector<double> turned(step.shape.n * step.shape.k);
  for (std::size_t g = 0; g < groups; ++g) {
    auto* to = turned.data();
    for (int64_t o = 0; o < made_; ++o)
      for (int64_t c = 0; c < taken_; ++c)
        for (const int64_t place : places)
          *to++ = w[((static_cast<int64_t>(g) * taken_ + c) * made_ + o) *
                        w_.taps() +
                    place];
    const std::size_t n = step.shape.n;
    l_.pack_weights(step, g, {turned.data(), bias(g, n), n, step.shape.k});
  }
  return step;
}

bool TransposedLowering::add(const Phases& phases, const View& x) {
  ProductStep step = packed(phases);
  const int64_t each = l_.packed_floats(step);
  Dims y = made_strides();
  step.a = x.at;
  step.y = y_;
  for (std::size_t a = 0; a < 3; ++a) {
    step.y += static_cast<std::size_t>(phases[a]->first * y[2 + a]);
    y[2 + a] *= w_.stride[a];
  }
  step.shape.a_row = static_cast<std::size_t>(x.stride[4]);
  step.shape.y_row = static_cast<std::size_t>(y[4]);
  Dims at;
  for (int64_t c = 0; c < taken_; ++c)
    each_tap(phases, [&](const auto& i, const auto& j, const auto& k) {
      at.push_back(c * x.stride[1] +
                   (beyond_[0].before + i.reads) * x.stride[2] +
                   (beyond_[1].before + j.reads) * x.stride[3] +
                   (beyond_[2].before + k.reads) * x.stride[4]);
    });
  const Walk outer =
      walk({batch_, groups_, phases[0]->count, phases[1]->count},
           {{x.stride[0], taken_ * x.stride[1], x.stride[2], x.stride[3]},
            {0, each, 0, 0},
            {0, each, 0, 0},
            {y[0], made_, y[2], y[3]}});
  return l_.push_product(step, at, outer, ir::kNone);
}

bool TransposedLowering::run() {
  if (!weights_fit()) return false;
  for (std::size_t a = 0; a < 3; ++a)
    phases_[a] = phases_of(w_, a, in_[a], out_[a], beyond_[a]);
  if (!fits()) return false;
  const View x = input();
  y_ = l_.reserve(node_.out[0]);
  for (const Phase& i : phases_[0])
    for (const Phase& j : phases_[1])
      for (const Phase& k : phases_[2])
        if (!add({&i, &j, &k}, x)) return false;
  l_.completes(node_.out[0], y_);
  lies_channels_last(y_);
  return true;
}

Result<bool> Lowering::lower_conv_transpose(const ir::Node& node) {
  return !has_nothing(node) && TransposedLowering(*this, node).run();
}

}  // namespace tactus::policy::fused
