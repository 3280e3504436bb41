// SPDX-License-Identifier: MIT
#include "config/replay_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/blueprint.hpp"
#include "config/program_file.hpp"
#include "core/error.hpp"
#include "safety/cost.hpp"

namespace tactus::config {
namespace {

using Kind = layout::LogSectionKind;

std::string text_of(const trace::LogReader& log, Kind kind) {
  const auto bytes = log.section(kind);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Without [policy] it was a program, whose model's contract said so: no other
// kind is accepted anywhere.
Timing timing_for(const toml::Document& document, const ReplayBasis& basis) {
  Timing timing = basis.timing;
  if (!document.root().has("policy"))
    timing.kind = safety::OutputKind::kJointVelocity;
  return timing;
}

Error refused(const std::string& what, const std::string& here,
              const std::string& logged) {
  return bad_input(
      "{} is {}, the log's {}: a replay keeps what was decided while "
      "recording: restore it, or record again",
      what, here, logged);
}

const trace::Origin* logged_value(const trace::LogReader& log,
                                  std::string_view key) {
  for (const trace::Origin& o : log.info().config)
    if (o.key == key) return &o;
  return nullptr;
}

// Whoever records notes what it read: only a run reads [io].
bool recorded_by_run(const trace::LogReader& log) {
  return logged_value(log, "io.listen") != nullptr;
}

// What the program that recorded the log said beside its limits.
Said said_in(const trace::LogReader& log) {
  Said said;
  for (const trace::Origin& o : log.info().config) said[o.key] = o.value;
  return said;
}

// "arm.toml:3:10: loop.period", or the key alone.
std::string place_of(const File& file, std::string_view key) {
  for (const Origin& o : file.origins)
    if (o.key == key) return fmt::format("{}: {}", o.origin, o.key);
  return fmt::format("{}: {}", file.path, key);
}

// Values that a run noted in its log and that decided while it recorded.
Result<void> same_values(const trace::LogReader& log, const File& file) {
  constexpr std::string_view kKeys[] = {"loop.period", "loop.overrun",
                                        "loop.trip", "loop.engage_time",
                                        "io.transport_bound"};
  for (const Origin& o : file.origins) {
    if (std::ranges::find(kKeys, o.key) == std::end(kKeys)) continue;
    const trace::Origin* logged = logged_value(log, o.key);
    if (logged && logged->value != o.value)
      return refused(place_of(file, o.key), o.value, logged->value);
  }
  return {};
}

struct StageKey {
  std::string_view name;
  const char* deadline;
  const char* late;
  int64_t StageTable::* deadline_ns;
  LateRule StageTable::* rule;  // null: a late check stops, no choice
};
constexpr StageKey kStages[] = {
    {"sense", "stage.sense", "stage.late.sense", &StageTable::sense_ns,
     &StageTable::late_sense},
    {"infer", "stage.infer", "stage.late.infer", &StageTable::infer_ns,
     &StageTable::late_infer},
    {"check", "stage.check", "", &StageTable::check_ns, nullptr},
    {"act", "stage.act", "stage.late.act", &StageTable::act_ns,
     &StageTable::late_act},
};

std::string rule_text(tactus_on_late rule, uint32_t keep_last) {
  constexpr const char* kWords[] = {"keep_last", "fallback", "skip_rest",
                                    "trip"};
  return rule == TACTUS_KEEP_LAST ? fmt::format("keep_last {}", keep_last)
                                  : kWords[rule];
}

Result<void> same_stages(const trace::LogReader& log, const File& file) {
  for (const trace::StageInfo& s : log.info().stages) {
    const auto* key = std::ranges::find(kStages, s.name, &StageKey::name);
    if (key == std::end(kStages)) continue;
    const int64_t deadline = file.stage.*key->deadline_ns;
    if (deadline != s.deadline_ns)
      return refused(place_of(file, key->deadline),
                     fmt::format("{} ns", deadline),
                     fmt::format("{} ns", s.deadline_ns));
    if (!key->rule) continue;
    const LateRule& late = file.stage.*key->rule;
    const std::string here = rule_text(late.rule, late.keep_last);
    const std::string logged = rule_text(s.on_late, s.keep_last);
    if (here != logged) return refused(place_of(file, key->late), here, logged);
  }
  return {};
}

template <class Field>
std::string shown(const std::vector<Field>& fields, std::size_t i) {
  if (i >= fields.size()) return "missing";
  const Field& f = fields[i];
  return fmt::format("{}: {} x {}{}{}", f.name, f.count, name_of(f.type),
                     f.unit.empty() ? "" : " ", f.unit);
}

Result<void> same_frame(const trace::LogReader& log, const File& file,
                        uint32_t joints) {
  const FrameLayout frame = FrameLayout::of(file, joints);
  const auto& here = frame.fields();
  const auto& logged = log.info().fields;
  for (std::size_t i = 0; i < std::max(here.size(), logged.size()); ++i) {
    const std::string a = shown(here, i), b = shown(logged, i);
    if (a != b)
      return refused(fmt::format("{}: field {} of the frame", file.path, i + 1),
                     '"' + a + '"', '"' + b + '"');
  }
  return {};
}

Result<void> same_input(const ReplayBasis& basis, const File& file) {
  const auto joined = [](const std::vector<std::string>& names) {
    return fmt::format("[{}]", fmt::join(names, ", "));
  };
  if (file.policy.input == basis.input) return {};
  return refused(place_of(file, "policy.input"), joined(file.policy.input),
                 joined(basis.input));
}

// Carried state numbers signals and joints; a signal that fell back was
// replaced before it was recorded.
bool same_signal(const safety::Signal& a, const safety::Signal& b) {
  if (std::string_view(a.name) != b.name || a.count != b.count) return false;
  constexpr auto kFallback = safety::StaleRule::kFallback;
  if (a.stale != kFallback && b.stale != kFallback) return true;
  return a.stale == b.stale && a.max_age_ns == b.max_age_ns &&
         std::ranges::equal(a.fallback, b.fallback) &&
         std::ranges::equal(a.lo, b.lo) && std::ranges::equal(a.hi, b.hi);
}

Result<void> same_signals(const safety::Image& own, const safety::Image& other,
                          const std::string& path) {
  if (own.joints != other.joints)
    return refused(path + ": the number of joints",
                   std::to_string(other.joints), std::to_string(own.joints));
  for (uint32_t i = 0; i < std::max(own.signals, other.signals); ++i) {
    const auto name = [i](const safety::Image& image) {
      return i < image.signals ? fmt::format("\"{}\"", image.signal[i].name)
                               : std::string("missing");
    };
    const bool both = i < own.signals && i < other.signals;
    if (!both || name(own) != name(other))
      return refused(fmt::format("{}: signal {}", path, i + 1), name(other),
                     name(own));
    if (!same_signal(own.signal[i], other.signal[i]))
      return bad_input(
          "{}: signal {}: another shape, or another fallback: a replay has the "
          "log's frame: restore it, or record again",
          path, own.signal[i].name);
  }
  return {};
}

// The log has what its own callbacks gave, in their order.
Result<void> same_callbacks(const safety::Image& own,
                            const safety::Image& other,
                            const std::string& path) {
  for (uint32_t i = 0; i < other.callbacks; ++i) {
    if (!safety::is_called(other, i)) continue;
    const std::string_view name = other.callback[i].name;
    const bool there = i < own.callbacks && safety::is_called(own, i);
    if (there && name == own.callback[i].name) continue;
    return bad_input(
        "{}: limit.{}: a callback that the log's limits have not or disable, "
        "or have in another place: the log has no margins of it: remove it, or "
        "record again",
        path, name);
  }
  return {};
}

Result<ReplayLimits> read_as_run(const trace::LogReader& log,
                                 const ReplayBasis& basis,
                                 const std::string& path) {
  auto read = load_run_file(path);
  if (!read) return read.error();
  const File& file = read->file;
  if (auto ok = same_values(log, file); !ok) return ok.error();
  if (auto ok = same_stages(log, file); !ok) return ok.error();
  if (auto ok = same_input(basis, file); !ok) return ok.error();
  if (auto ok = same_frame(log, file, read->shield.image->joints); !ok)
    return ok.error();
  return ReplayLimits{std::move(read->shield), std::move(read->file)};
}

Result<ReplayLimits> read_as_program(const trace::LogReader& log,
                                     const ReplayBasis& basis,
                                     const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  ReplayLimits limits;
  limits.file.signal = read_signals(*document, limits.file.origins);
  auto shield = load_shield(*document, timing_for(*document, basis));
  if (!shield) return shield.error();
  if (auto ok = check_program_file(*document, said_in(log)); !ok)
    return ok.error();
  if (auto ok = document->finish(); !ok) return ok.error();
  limits.shield = std::move(*shield);
  const int64_t timeout = limits.shield.image->commit.robot_timeout_ns;
  if (basis.timing.misses == 0 && timeout != basis.timing.robot_timeout_ns)
    return refused(path + ": robot.timeout", fmt::format("{} ns", timeout),
                   fmt::format("{} ns", basis.timing.robot_timeout_ns));
  return limits;
}

// Other bits would be called a difference of the policy or the robot.
Result<void> same_image(const trace::LogReader& log,
                        const safety::Image& image) {
  const std::string logged = text_of(log, Kind::kImageHash);
  const std::string here = fmt::format("0x{:016x}", image.header.hash);
  if (logged.empty() || logged == here) return {};
  return unavailable(
      "log {}: its limits compile to image {} here, to {} where it was "
      "recorded: replay with the rtctl that recorded it",
      log.name(), here, logged);
}

}  // namespace

Result<ReplayLimits> own_limits(const trace::LogReader& log,
                                const ReplayBasis& basis) {
  auto document = toml::Document::parse(text_of(log, Kind::kLimits),
                                        log.name() + " (limits)");
  if (!document) return document.error();
  ReplayLimits limits;
  limits.file.signal = read_signals(*document, limits.file.origins);
  auto parts = read_parts(text_of(log, Kind::kLimitParts), log.name());
  if (!parts) return parts.error();
  const Recorded recorded{text_of(log, Kind::kUrdf), text_of(log, Kind::kSrdf),
                          std::move(*parts)};
  auto shield = load_shield(*document, timing_for(*document, basis), &recorded);
  if (!shield) return shield.error();
  if (auto ok = same_image(log, *shield->image); !ok) return ok.error();
  limits.shield = std::move(*shield);
  return limits;
}

Result<ReplayLimits> other_limits(const trace::LogReader& log,
                                  const ReplayBasis& basis,
                                  const safety::Image& own,
                                  const std::string& path) {
  auto limits = recorded_by_run(log) ? read_as_run(log, basis, path)
                                     : read_as_program(log, basis, path);
  if (!limits) return limits.error();
  if (auto ok = same_signals(own, *limits->shield.image, path); !ok)
    return ok.error();
  if (auto ok = same_callbacks(own, *limits->shield.image, path); !ok)
    return ok.error();
  return limits;
}

}  // namespace tactus::config
