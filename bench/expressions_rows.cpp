// SPDX-License-Identifier: MIT
// Rows of the safety bench: 32 expressions at eight points. All peers take
// the same points in turn; their values are compared, too.
#include "expressions_rows.hpp"

#include <cmath>
#include <map>
#include <memory>
#include <random>

#include "expressions.hpp"
#include "rt/tsc.hpp"
#include "safety/expr/emit.hpp"
#include "safety/expr/jit.hpp"
#include "safety/expr/parse.hpp"
#include "safety/kernel.hpp"

namespace bench {
namespace {

using namespace tactus;
using namespace tactus::safety;
namespace ex = bench::expressions;

class Names final : public expr::Names {
 public:
  std::optional<expr::Term> find(std::string_view name, expr::Tree& tree,
                                 std::string&) override {
    ExprInput in{};
    in.source = ExprSource::kSignal;
    in.element = static_cast<uint32_t>(std::stoul(std::string(name.substr(1))));
    in.error = 1e-9;
    in.lo = -4;
    in.hi = 4;
    return expr::Term{{tree.input(in, kRatio)}, false};
  }
  [[nodiscard]] bool is_spheres(std::string_view) const override {
    return false;
  }
};

std::unique_ptr<Expressions> compile() {
  Names names;
  expr::Tree tree;
  std::vector<expr::Ruled> rows;
  for (uint32_t i = 0; i < ex::kCount; ++i) {
    expr::Fault fault;
    const auto root = expr::parse(ex::text(i), names, tree, fault);
    if (!root) return nullptr;
    rows.push_back({ex::text(i), *root, true, false, 1e6, 0});
  }
  auto out = std::make_unique<Expressions>();
  if (!expr::emit(tree, rows, *out)) return nullptr;
  return out;
}

struct alignas(64) Registers {
  double lane[kMaxExprRegisters][8];
};

struct Points {
  double x[ex::kPoints][ex::kInputs];
};

using Samples = std::map<std::string, std::vector<double>>;

class Race {
 public:
  explicit Race(const Expressions& all) : all_(all) { clock_.calibrate(); }

  void run(int cases, Samples& out) {
    for (int i = 0; i < cases; ++i) {
      for (auto& point : points_.x)
        for (double& x : point)
          x = std::uniform_real_distribution<double>(-4, 4)(rng_);
      lap(out);
    }
  }
  [[nodiscard]] double worst() const { return worst_; }

 private:
  template <class Work>
  void timed(const std::string& peer, Samples& out, const Work& work) {
    for (int warm = 0; warm < 2; ++warm) {
      const int64_t begin = clock_.now();
      work();
      const int64_t end = clock_.now();
      if (warm == 1) out[peer].push_back(static_cast<double>(end - begin));
    }
  }

  void lap(Samples& out) {
    timed("compiled C", out, [&] {
      for (uint32_t k = 0; k < ex::kPoints; ++k)
        ex::compiled(points_.x[k], value_[k]);
    });
    for (const rt::Isa isa : rt::kIsas) {
      if (!rt::isa_here(isa)) continue;
      place();
      timed(fmt::format("vm {}", rt::isa_name(isa)), out,
            [&] { kernel_for(isa).run(all_.program[0], registers_.lane[0]); });
      compare();
      const ExprRunner& runner = runners_[isa];
      if (runner.code == nullptr) continue;
      place();
      timed(runner.name, out,
            [&] { runner.native.run[0](registers_.lane[0]); });
      compare();
    }
#ifdef BENCH_MUPARSER
    timed("muparser", out, [&] {
      double value[ex::kCount];
      for (const auto& point : points_.x) muparser_.run(point, value);
    });
#endif
  }

  // Ends are the points themselves.
  void place() {
    const ExprProgram& p = all_.program[0];
    for (uint32_t i = 0; i < p.constants; ++i)
      std::fill_n(registers_.lane[i], 8, p.constant[i]);
    for (uint32_t i = 0; i < 2 * p.inputs; ++i)
      for (uint32_t k = 0; k < 8; ++k)
        registers_.lane[p.constants + i][k] =
            points_.x[k][p.input[i / 2].element];
  }
  void compare() {
    for (uint32_t i = 0; i < all_.count; ++i)
      for (uint32_t k = 0; k < 8; ++k)
        worst_ = std::max(worst_,
                          std::fabs(registers_.lane[all_.expression[i].hi][k] -
                                    value_[k][i]));
  }

  const Expressions& all_;
  rt::TscClock clock_;
  std::mt19937 rng_{3};
  Points points_{};
  Registers registers_{};
  double value_[ex::kPoints][ex::kCount] = {};
  double worst_ = 0;
  std::map<rt::Isa, ExprRunner> runners_ = [this] {
    std::map<rt::Isa, ExprRunner> out;
    for (const rt::Isa isa : rt::kIsas)
      if (rt::isa_here(isa)) out[isa] = make_runner(all_, isa, nullptr);
    return out;
  }();
#ifdef BENCH_MUPARSER
  ex::Muparser muparser_;
#endif
};

}  // namespace

bool add_expression_rows(int cases, Report& report) {
  const auto all = compile();
  if (!all) return false;
  Race race(*all);
  Samples samples;
  race.run(cases, samples);
  const std::string name =
      fmt::format("{} expressions, 8 points, {} operations", ex::kCount,
                  all->program[0].ops);
  std::map<std::string, double> p50;
  for (auto& [peer, ns] : samples) {
    report.add(row(name, peer, std::move(ns)));
    p50[peer] = report.last().p50;
  }
  for (const auto& [peer, ns] : p50)
    if (peer != "compiled C")
      report.ratio("expressions, compiled C / " + peer, p50["compiled C"] / ns);
  // Values differ by rounding alone (the peers may fuse), or somebody errs.
  return race.worst() < 1e-9;
}

}  // namespace bench
