// SPDX-License-Identifier: MIT
#include "safety_tools.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/limits_file.hpp"
#include "core/error.hpp"
#include "safety/diff.hpp"
#include "safety/expr/jit.hpp"
#include "safety/limits_bench.hpp"
#include "safety/limits_fuzz.hpp"

namespace tactus::cli {
namespace {

Value head(const SafetyOptions& o) {
  return Value()
      .add("schema", "tactus/safety-" + o.verb + "/1")
      .add("file", o.file);
}

// bench and fuzz call kernels that read joints, positions and velocities.
Result<config::LimitsFile> load(const SafetyOptions& o) {
  auto loaded = config::load_limits(o.file);
  if (!loaded) return loaded;
  const safety::Image& image = *loaded->shield.image;
  if (image.ladder.limit_none != 0)
    return bad_input("{}: limit = \"none\": there is nothing to {}", o.file,
                     o.verb);
  return loaded;
}

std::string deadline_text(const config::CheckTime& time, double p99) {
  if (time.deadline_ns == 0) return "no [stage] in this file: no deadline\n";
  return fmt::format(
      "p99 {}, {} the {} that the check stage has after infer's deadline\n",
      human_time(p99),
      p99 <= static_cast<double>(time.left_ns) ? "within" : "beyond",
      human_time(static_cast<double>(time.left_ns)));
}

}  // namespace

std::string joined(const Value& first, const Value& rest) {
  std::string text = first.json();
  text.pop_back();
  return text + ", " + rest.json().substr(1);
}

int safety_bench(const SafetyOptions& o, const Output& out) {
  const auto loaded = load(o);
  if (!loaded) return out.error(loaded.error());
  const safety::Image& image = *loaded->shield.image;
  const auto isa = rt::choose_isa();
  if (!isa) return out.error(isa.error());
  const auto runner = safety::make_runner(image.expressions, *isa);
  safety::BenchAsk ask;
  ask.native = runner.get();
  if (o.cases) ask.cases = static_cast<uint32_t>(*o.cases);
  ask.seed = o.seed;
  ask.progress = [&](uint32_t done) {
    out.live(fmt::format("bench: {} of {} cases", done, ask.cases));
  };
  const safety::LimitsBench bench =
      safety::bench_limits(image, safety::kernel_for(*isa), ask);
  double p99 = 0;  // of the slowest path
  for (const safety::BenchPath& path : bench.paths)
    p99 = std::max(p99, path.p99);
  const config::CheckTime time = config::check_time(loaded->file);
  const bool within =
      time.deadline_ns == 0 || p99 <= static_cast<double>(time.left_ns);
  Value v = head(o);
  v.add("expressions", runner.name)
      .add("worst_p99_ns", p99)
      .add("deadline_ns", time.deadline_ns)
      .add("left_ns", time.left_ns)
      .add("within", within);
  out.result(Value::raw(joined(v, safety::to_value(bench))),
             safety::to_text(bench) + deadline_text(time, p99));
  return within ? 0 : 1;
}

int safety_diff(const SafetyOptions& o, const Output& out) {
  const auto a = config::load_limits(o.file);
  if (!a) return out.error(a.error());
  const auto b = config::load_limits(o.other);
  if (!b) return out.error(b.error());
  const safety::Difference d =
      safety::compare(*a->shield.image, *b->shield.image);
  out.result(
      Value::raw(joined(head(o).add("other", o.other), safety::to_value(d))),
      safety::to_text(d));
  return d.looser() ? 1 : 0;
}

int safety_fuzz(const SafetyOptions& o, const Output& out) {
  const auto loaded = load(o);
  if (!loaded) return out.error(loaded.error());
  safety::FuzzAsk ask;
  if (o.cases) ask.cases = *o.cases;
  ask.seed = o.seed;
  ask.progress = [&](uint64_t done) {
    out.live(fmt::format("fuzz: {} of {} cases", done, ask.cases));
  };
  const safety::FuzzResult r = safety::fuzz_limits(*loaded->shield.image, ask);
  out.result(Value::raw(joined(head(o).add("first_seed", o.seed),
                               safety::to_value(r))),
             safety::to_text(r));
  return r.finding ? 1 : 0;
}

}  // namespace tactus::cli
