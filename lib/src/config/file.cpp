// SPDX-License-Identifier: MIT
#include "config/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "config/scribe.hpp"
#include "core/error.hpp"
#include "policy/plan.hpp"
#include "rt/lead.hpp"
#include "tactus/grants.hpp"

namespace tactus::config {
namespace {

constexpr int64_t kDefaultKeyframe = 1'000'000'000;
constexpr int64_t kMaxEvery = 1'000'000;

// A machine's own choice of core and priority, without editing the file.
// Unset and empty are the same.
struct Override {
  const char* variable;
  const char* key;
  int lo, hi;
  int LoopTable::* field;
};
constexpr Override kOverrides[] = {
    {"TACTUS_CPU", "loop.cpu", -1, 4095, &LoopTable::cpu},
    {"TACTUS_PRIORITY", "loop.priority", 0, 98, &LoopTable::priority},
};

Result<void> apply(const Override& from, File& file) {
  const char* text = std::getenv(from.variable);
  if (!text || !*text) return {};
  char* end = nullptr;
  const long number = std::strtol(text, &end, 10);
  if (*end != '\0' || number < from.lo || number > from.hi) {
    return bad_input("environment: {}=\"{}\": expected a number in {} .. {}",
                     from.variable, text, from.lo, from.hi);
  }
  file.loop.*from.field = static_cast<int>(number);
  file.origins.push_back({from.key, text, from.variable});
  return {};
}

void read_loop(const Scribe& s, LoopTable& out) {
  out.period_ns = s.duration("period");
  out.cpu = static_cast<int>(s.integer("cpu", 0, 4095, -1));
  out.priority =
      static_cast<int>(s.integer("priority", 0, 98, kDefaultPriority));
  constexpr std::string_view kOverrun[] = {"skip", "rephase", "catch_up"};
  out.overrun = static_cast<rt::Overrun>(s.choice("overrun", kOverrun, 0));
  constexpr std::string_view kWake[] = {"auto", "nanosleep"};
  out.wake = kWake[s.choice("wake", kWake, 0)];
  out.lead_max_ns = s.duration("lead_max", rt::kDefaultLeadMax);
  out.prewarm_max_ns =
      s.duration("prewarm_max", default_prewarm_max(out.period_ns));
  if (out.prewarm_max_ns > out.period_ns / 2)
    s.fail("prewarm_max", "at most half the period (\"0 us\": off)");
  const CountOf trip = s.count_of("trip");
  out.trip = {trip.count, trip.of};
  out.engage_time_ns = s.duration("engage_time");
  out.require = s.texts("require");
}

void check_require(const toml::Table& loop) {
  if (!loop.has("require")) return;
  std::vector<std::string_view> names;
  for (const GrantRow& row : kGrants) names.emplace_back(row.name);
  for (const toml::Value& value : loop.list("require")) {
    (void)value.choice(names);
  }
}

void read_io(const Scribe& s, IoTable& out) {
  constexpr std::string_view kKinds[] = {"udp"};
  constexpr std::string_view kWires[] = {"tactus/1"};
  out.present = true;
  (void)s.choice("kind", kKinds);
  (void)s.choice("wire", kWires);
  out.listen = s.text("listen");
  out.peer = s.text("peer");
  out.transport_bound_ns = s.duration("transport_bound");
}

LateRule read_late(const Scribe& s, const char* key, LateRule otherwise) {
  constexpr std::string_view kWords[] = {"keep_last", "fallback", "skip_rest",
                                         "trip"};
  if (!s.has(key)) return otherwise;
  const WordCount word = s.word_count(key);
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    if (word.word != kWords[i]) continue;
    if ((i == TACTUS_KEEP_LAST) != word.has_count) break;
    return {static_cast<tactus_on_late>(i), word.count};
  }
  s.fail(key, "\"keep_last N\", \"fallback\", \"skip_rest\" or \"trip\"");
  return otherwise;
}

void read_stage(const Scribe& s, StageTable& out) {
  out.sense_ns = s.duration("sense");
  out.infer_ns = s.duration("infer");
  out.check_ns = s.duration("check");
  out.act_ns = s.duration("act");
  out.late_sense = out.late_infer = {TACTUS_SKIP_REST, 0};
  out.late_act = {TACTUS_SKIP_REST, 0};
  if (!s.has("late")) return;
  const Scribe late = s.table("late");
  out.late_sense = read_late(late, "sense", out.late_sense);
  out.late_infer = read_late(late, "infer", out.late_infer);
  out.late_act = read_late(late, "act", out.late_act);
  if (out.late_act.rule != TACTUS_SKIP_REST &&
      out.late_act.rule != TACTUS_TRIP) {
    late.fail("act", "\"skip_rest\" or \"trip\" (a command cannot be kept)");
  }
}

void read_guard(const Scribe& root, int64_t period_ns, GuardTable& out) {
  read_guard_times(root, period_ns, std::nullopt, out);
  if (out.none) return;
  const Scribe s = root.table("guard");
  constexpr std::string_view kThen[] = {"hold", "silence"};
  out.then_hold = s.choice("then", kThen) == 0;
  out.cpu = static_cast<int>(s.integer("cpu", 0, 4095, -1));
}

void read_record(const Scribe& s, RecordTable& out) {
  out.path = s.text("path");
  out.keyframe_ns = s.duration("keyframe", kDefaultKeyframe);
  out.keep_ns = s.duration("keep", 0);
  constexpr std::string_view kGap[] = {"count", "trip"};
  out.trip_on_gap = s.choice("on_gap", kGap, 0) == 1;
}

// Range, age and stale rule are the shield's; here only what the frame is.
SignalEntry read_signal(const Scribe& s, const std::string& name) {
  SignalEntry out;
  out.name = name;
  constexpr std::string_view kFrom[] = {"io", "frame"};
  out.from_io = s.choice("from", kFrom) == 0;
  constexpr std::string_view kKinds[] = {"values", "sphere"};
  out.sphere = s.choice("kind", kKinds, 0) == 1;
  out.count = static_cast<uint32_t>(out.sphere ? s.integer("shape", 3, 192, 3)
                                               : s.integer("shape", 1, 64));
  out.unit = s.text("unit");
  if (out.sphere) out.radius_m = s.quantity("radius", kLength);
  out.stamp = s.text("stamp", name + "_at");
  return out;
}

policy::History read_history(const Scribe& s) {
  using namespace policy;
  constexpr int64_t kMost = 1000;
  constexpr std::string_view kOrder[] = {"oldest_first", "newest_first"};
  constexpr std::string_view kLayout[] = {"by_step", "by_signal"};
  constexpr std::string_view kFill[] = {"first", "zeros"};
  History h;
  h.length = static_cast<std::size_t>(s.integer("length", 1, kMost));
  h.every = static_cast<std::size_t>(s.integer("every", 1, kMost, 1));
  h.order = static_cast<HistoryOrder>(s.choice("order", kOrder));
  h.layout = static_cast<HistoryLayout>(s.choice("layout", kLayout));
  h.fill = static_cast<HistoryFill>(s.choice("fill", kFill));
  return h;
}

void read_extras(const Scribe& s, PolicyTable& out) {
  constexpr std::string_view kState[] = {"keep", "reset"};
  out.slow = s.texts("slow");
  out.answers = static_cast<std::size_t>(
      s.integer("answers", 0, policy::kMostAnswers, 0));
  out.state = static_cast<AtEngage>(s.choice("state", kState, 0));
  if (s.has("history")) out.history = read_history(s.table("history"));
}

void read_policy(const Scribe& s, const toml::Document& document,
                 PolicyTable& out) {
  out.present = true;
  out.model = document.resolve(s.text("model"));
  constexpr std::string_view kBackends[] = {"fused", "reference", "onednn"};
  out.backend = kBackends[s.choice("backend", kBackends, 0)];
  out.kernels = s.text("kernels", out.kernels);
  if (out.kernels != "auto" && !names_kernels(out.kernels))
    s.fail("kernels",
           "\"auto\", \"timed\", \"rule\" or the kernels that a log names");
  out.input = s.texts("input");
  read_extras(s, out);
  const Scribe output = s.table("output");
  out.output = output.text("name");
  constexpr std::string_view kKinds[] = {"joint_velocity"};
  out.kind = kKinds[output.choice("kind", kKinds)];
  out.unit = output.text("unit");
  // Slow policies and other stale actions come later: only the one meaning
  // that is enforced is accepted.
  if (output.integer("every", 1, kMaxEvery, 1) != 1) {
    output.fail("every",
                "1: the policy runs in every cycle; for a slower one "
                "give the loop its period");
  }
  constexpr std::string_view kBetween[] = {"hold"};
  (void)output.choice("between", kBetween, 0);
  constexpr std::string_view kFallback[] = {"stop"};
  (void)output.choice("fallback", kFallback, 0);
}

Result<void> check_inputs(const toml::Document& document, const File& file) {
  const auto root = document.root();
  const auto values = root.table("policy").list("input");
  for (std::size_t i = 0; i < file.policy.input.size(); ++i) {
    bool known = false;
    for (const auto& s : file.signal) known |= s.name == file.policy.input[i];
    if (!known) values[i].fail("the name of a [signal]");
  }
  for (std::size_t i = 0; i < file.policy.slow.size(); ++i) {
    const bool known =
        std::ranges::count(file.policy.input, file.policy.slow[i]) > 0;
    if (!known) root.table("policy").list("slow")[i].fail("a name of input");
  }
  for (const auto& s : file.signal) {
    if (s.name != file.policy.output) continue;
    root.table("policy").table("output")["name"].fail(
        "a name that no [signal] has");
  }
  return document.status();
}

}  // namespace

bool names_kernels(std::string_view text) noexcept {
  return text == "timed" || text == "rule" ||
         text.find('/') != std::string_view::npos;
}

void read_guard_times(const Scribe& root, int64_t period_ns,
                      std::optional<int64_t> repeat_ns, GuardTable& out) {
  if (root.is_text("guard")) {
    constexpr std::string_view kNone[] = {"none"};
    (void)root.choice("guard", kNone);
    out.none = true;
    return;
  }
  const Scribe s = root.table("guard");
  out.commit_ns = s.duration("commit");
  if (out.commit_ns > period_ns)
    s.fail("commit", "no more than loop.period: it counts from the release");
  out.misses = static_cast<uint32_t>(s.integer("misses", 1, 1000));
  out.bound_ns = s.duration("bound");
  out.repeat_ns =
      repeat_ns ? s.duration("repeat", *repeat_ns) : s.duration("repeat");
}

std::vector<SignalEntry> read_signals(const toml::Document& document,
                                      std::vector<Origin>& origins) {
  std::vector<SignalEntry> list;
  const Scribe signals = Scribe(document.root(), origins).table("signal");
  for (const std::string& name : signals.keys()) {
    list.push_back(read_signal(signals.table(name.c_str()), name));
  }
  return list;
}

Result<File> read_file(const toml::Document& document) {
  File file;
  file.path = document.name();
  const Scribe root(document.root(), file.origins);
  file.name = root.text("name");
  read_loop(root.table("loop"), file.loop);
  check_require(document.root().table("loop"));
  for (const Override& from : kOverrides) {
    if (auto ok = apply(from, file); !ok) return ok.error();
  }
  if (root.has("io")) read_io(root.table("io"), file.io);
  read_stage(root.table("stage"), file.stage);
  read_guard(root, file.loop.period_ns, file.guard);
  if (root.has("record")) read_record(root.table("record"), file.record);
  file.signal = read_signals(document, file.origins);
  if (root.has("policy")) {
    read_policy(root.table("policy"), document, file.policy);
  }
  file.limit_none = root.is_text("limit");
  if (auto ok = document.status(); !ok) return ok.error();
  if (file.policy.present) {
    if (auto ok = check_inputs(document, file); !ok) return ok.error();
  }
  return file;
}

}  // namespace tactus::config
