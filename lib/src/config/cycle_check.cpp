// SPDX-License-Identifier: MIT
#include "config/cycle_check.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "config/replay_recipe.hpp"
#include "config/replay_subject.hpp"
#include "config/supervisor.hpp"
#include "core/error.hpp"
#include "rt/isa.hpp"

namespace tactus::config {
namespace {

// What the check of one cycle was given.
struct Witnessed {
  std::vector<std::byte> state;  // carried, before it
  std::vector<std::byte> frame;
  rt::CheckInput input{};
};

// Passes everything on, and keeps what the check of `cycle` gets.
class Witness final : public rt::Supervisor {
 public:
  Witness(rt::Supervisor& inner, uint64_t cycle, std::size_t frame)
      : inner_(inner), cycle_(cycle), frame_(frame) {}

  rt::GuardView begin(const tactus_tick& tick) noexcept override {
    return inner_.begin(tick);
  }
  rt::CheckOutput check(std::byte* frame,
                        const rt::CheckInput& input) noexcept override {
    if (input.tick.cycle == cycle_) {
      seen.emplace();
      seen->state.resize(inner_.carried_size());
      inner_.save(seen->state.data());
      seen->frame.assign(frame, frame + frame_);
      seen->input = input;
    }
    return inner_.check(frame, input);
  }
  void publish(const tactus_tick& tick) noexcept override {
    inner_.publish(tick);
  }
  void play(std::byte* frame, int64_t now_ns) noexcept override {
    inner_.play(frame, now_ns);
  }
  void committed(const std::byte* frame, const tactus_tick& tick,
                 int64_t now_ns, tactus_rung rung,
                 bool late) noexcept override {
    inner_.committed(frame, tick, now_ns, rung, late);
  }
  bool armed(const tactus_tick& tick) noexcept override {
    return inner_.armed(tick);
  }
  void disarmed(const tactus_tick& tick) noexcept override {
    inner_.disarmed(tick);
  }
  bool rearm(const tactus_tick& tick) noexcept override {
    return inner_.rearm(tick);
  }
  void life(tactus_state state) noexcept override { inner_.life(state); }
  [[nodiscard]] std::size_t carried_size() const noexcept override {
    return inner_.carried_size();
  }
  void save(std::byte* to) const noexcept override { inner_.save(to); }
  void restore(const std::byte* from) noexcept override {
    inner_.restore(from);
  }

  std::optional<Witnessed> seen;

 private:
  rt::Supervisor& inner_;
  uint64_t cycle_;
  std::size_t frame_;
};

class WitnessedSubject final : public trace::ReplaySubject {
 public:
  WitnessedSubject(trace::ReplaySubject& inner, uint64_t cycle,
                   std::size_t frame)
      : witness(inner.supervisor(), cycle, frame), inner_(inner) {}
  Result<void> reset(uint64_t cycle,
                     std::span<const std::byte> keyframe) override {
    return inner_.reset(cycle, keyframe);
  }
  tactus_status infer(std::byte* frame,
                      const tactus_tick& tick) noexcept override {
    return inner_.infer(frame, tick);
  }
  rt::Supervisor& supervisor() noexcept override { return witness; }

  Witness witness;

 private:
  trace::ReplaySubject& inner_;
};

// Replays up to the cycle; an error says why it was not reached, or was
// reached with another state than the loop had.
Result<Witnessed> witness(const trace::LogReader& log, uint64_t cycle) {
  auto made = make_replay_subject(log, {});
  if (!made) return made.error();
  WitnessedSubject subject(*made->subject, cycle, log.header().frame_size);
  const auto replayed =
      trace::replay(log, subject, {.first_cycle = cycle, .last_cycle = cycle});
  if (!replayed) return replayed.error();
  if (!replayed->stopped.empty()) return unavailable("{}", replayed->stopped);
  if (const auto& d = replayed->first_difference)
    return unavailable(
        "the replay differs in cycle {} ({}): its state is not known: see "
        "rtctl replay",
        d->cycle, d->field);
  if (!subject.witness.seen && replayed->cycles == 0)
    return unavailable(
        "no keyframe between the last gap and cycle {}: its state is not "
        "known",
        cycle);
  if (!subject.witness.seen)
    return unavailable("the check did not run in cycle {}", cycle);
  return std::move(*subject.witness.seen);
}

}  // namespace

Result<safety::LadderStory> recheck(const trace::LogReader& log,
                                    uint64_t cycle) {
  auto seen = witness(log, cycle);
  if (!seen) return seen.error();
  const auto recipe = read_recipe(log);
  if (!recipe) return recipe.error();
  const auto limits = own_limits(log, recipe->basis);
  if (!limits) return limits.error();
  const auto frame = frame_of(log);
  const auto binding = bind_signals(*limits->shield.image, limits->file, frame,
                                    recipe->basis.output);
  if (!binding) return binding.error();
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  const safety::Kernel& kernel = safety::kernel_for(*isa);
  ShieldSupervisor shield(
      {.image = limits->shield.image, .binding = *binding, .kernel = &kernel});
  if (seen->state.size() != sizeof(ShieldSupervisor::Carried))
    return unavailable("the shield's state has another size here");
  ShieldSupervisor::Carried before;
  std::memcpy(&before, seen->state.data(), sizeof before);
  shield.restore(seen->state.data());
  safety::ShieldInput in;
  shield.fill(seen->frame.data(), seen->input, in);
  return safety::tell({*limits->shield.image, before.shield, in, kernel});
}

trace::CycleCheck explain_check(const trace::LogReader& log, uint64_t cycle) {
  const auto story = recheck(log, cycle);
  if (story) return {safety::to_text(*story), safety::to_value(*story).json()};
  json::Value why;
  why.add("judged", json::Value()).add("missing", story.error().text());
  return {fmt::format("check: not computed again: {}\n", story.error().text()),
          why.json()};
}

}  // namespace tactus::config
