// SPDX-License-Identifier: MIT
// Lives, one after the other, and what they came to. All draws are the seed's
// alone: every compiler and instruction set has the same lives.
//   LOOP_CYCLES=200000   LOOP_SEED=1
#pragma once

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "../instrumented.hpp"
#include "config/shield_load.hpp"
#include "loop_duel.hpp"
#include "loop_run.hpp"
#include "loop_storm.hpp"
#include "rt/isa.hpp"
#include "safety/seal.hpp"

namespace loop {

inline uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}
inline uint64_t first_seed() { return from_environment("LOOP_SEED", 1) << 32; }
inline uint64_t cycles_to_run() {
  return from_environment("LOOP_CYCLES", kInstrumented ? 20'000 : 200'000);
}

inline constexpr uint32_t kPassOrStop = safety::kRungPass | safety::kRungStop;

// Of arm.toml; 0 and "": as it is.
struct Changes {
  std::string row;  // one more
  uint32_t rungs = 0;
  uint32_t samples = 0;  // of a motion
};
inline std::unique_ptr<safety::Image> read_limits(const Changes& changes) {
  const std::string path = "lib/examples/handover/arm.toml";
  std::ifstream from(path);
  std::string text(std::istreambuf_iterator<char>(from), {});
  const std::size_t end = text.find("horizon");
  cr_assert(end < text.size(), "%s: no horizon", path.c_str());
  text.insert(end, changes.row + "\n");
  auto document = toml::Document::parse(text, path);
  cr_assert(bool(document), "%s", document ? "" : document.error().text());
  auto file = config::read_file(*document);
  cr_assert(bool(file), "%s", file ? "" : file.error().text());
  auto shield = config::load_shield(*document, config::timing_of(*file));
  cr_assert(bool(shield), "%s", shield ? "" : shield.error().text());
  auto image = std::make_unique<safety::Image>(*shield->image);
  if (changes.rungs != 0) image->ladder.rungs = changes.rungs;
  if (changes.samples != 0) image->ladder.samples = changes.samples;
  cr_assert(bool(safety::seal(*image)));
  return image;
}

// Limits to attack.
class Limits {
 public:
  explicit Limits(const Changes& changes = {})
      : image_(read_limits(changes)),
        first_(std::make_unique<safety::Image>(*image_)) {
    first_->ladder.rungs = kPassOrStop;
  }
  [[nodiscard]] Setting against(const Bounds& bounds) const {
    static const auto isa = rt::choose_isa();
    const auto& kernel =
        isa ? safety::kernel_for(*isa) : safety::kPortableKernel;
    return {*image_, *first_, kernel, bounds.skin, handover::kViolationSpeed};
  }

 private:
  std::unique_ptr<safety::Image> image_, first_;
};

inline Tally storms(const Limits& limits, const Bounds& bounds,
                    uint64_t cycles) {
  const Setting setting = limits.against(bounds);
  Tally tally;
  for (uint64_t seed = first_seed() + 1; tally.cycles < cycles; ++seed) {
    Storm storm(seed, bounds);
    Life(setting, storm, tally).run();
  }
  return tally;
}

// What a strategy came to.
struct Told {
  uint64_t lives = 0;
  double nearest = 1e9;  // m, from a point that moved
  double struck = NAN;   // m, where that life's attack began
  double fastest = 0;    // m/s, within d_min
};
using Table = std::array<Told, kStrategies.size()>;

enum class Until { kCycles, kViolated };
struct Bout {
  uint64_t cycles;
  Until until = Until::kCycles;
  bool (*fits)(const Strategy&) = [](const Strategy&) { return true; };
};

inline void tell(const Judge& judge, double struck, Told& told) {
  ++told.lives;
  told.fastest = std::max(told.fastest, judge.worst_speed);
  if (!(judge.least_moving < told.nearest)) return;
  told.nearest = judge.least_moving;
  told.struck = struck;
}

inline void fight(const Setting& setting, const Bounds& bounds,
                  const Strategy& strategy, Search& search, Tally& tally,
                  Told& told) {
  const Genes genes = search.propose();
  Duel duel(strategy, genes, bounds);
  Life life(setting, duel, tally);
  life.run();
  const Judge& judge = life.judge();
  tell(judge, duel.struck(), told);
  const bool creeps = strategy.drive == Drive::kCreep;
  search.learn(genes, creeps ? -judge.worst_speed : judge.least_moving);
}
// One strategy after the other.
inline Tally duels(const Setting& setting, const Bounds& bounds,
                   const Bout& bout, Table& table) {
  std::vector<Search> search;
  for (std::size_t i = 0; i < kStrategies.size(); ++i)
    search.emplace_back(first_seed() + i);
  Tally tally;
  const auto over = [&] {
    const bool violated = tally.judge.violations > 0;
    return tally.cycles >= bout.cycles ||
           (bout.until == Until::kViolated && violated);
  };
  while (!over())
    for (std::size_t i = 0; i < kStrategies.size() && !over(); ++i)
      if (bout.fits(kStrategies[i]))
        fight(setting, bounds, kStrategies[i], search[i], tally, table[i]);
  return tally;
}

inline void print(const char* what, const Tally& t) {
  std::printf("loop %s: cycles %" PRIu64 " engaged %" PRIu64 " lives %" PRIu64
              " pass %" PRIu64 " scale %" PRIu64 " project %" PRIu64
              " stop %" PRIu64 " (unverified %" PRIu64 ") hangs %" PRIu64
              " acted %" PRIu64 "; violations %" PRIu64
              ", fastest within d_min %.2f mm/s, least gap %.1f mm, to what "
              "moves %.1f mm\n",
              what, t.cycles, t.engaged, t.lives, t.rung[TACTUS_RUNG_PASS],
              t.rung[TACTUS_RUNG_SCALE], t.rung[TACTUS_RUNG_PROJECT],
              t.rung[TACTUS_RUNG_STOP], t.unverified, t.hangs, t.acted,
              t.judge.violations, 1e3 * t.judge.worst_speed,
              1e3 * t.judge.least_gap, 1e3 * t.judge.least_moving);
}
inline void print(const Table& table) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Told& t = table[i];
    if (t.lives == 0) continue;
    std::printf("  %-28s lives %6" PRIu64
                ": nearest %6.1f mm beyond d_min "
                "(struck at %.0f mm), fastest within %.2f mm/s\n",
                kStrategies[i].name, t.lives,
                1e3 * (t.nearest - handover::kMinDistance), 1e3 * t.struck,
                1e3 * t.fastest);
  }
}

}  // namespace loop
