// SPDX-License-Identifier: MIT
// What people are told of a row: its place, unit, group of cost.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>

#include "family_rows.hpp"
#include "safety/explain_rows.hpp"
#include "safety/ladder_story.hpp"
#include "safety/limits_bench.hpp"
#include "safety/violations.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

bool is(bool value) { return value; }

// A row, the place of its link 1, and its unit.
struct Told {
  const char* id;
  const char* place;
  const char* unit;
};
constexpr Told kTold[] = {
    {"action.max", "joint j2", "rad/s"},
    {"action.rate", "joint j2", "rad/s"},
    {"joint.position", "joint j2", "rad"},
    {"joint.velocity", "joint j2", "rad/s"},
    {"joint.acceleration", "joint j2", "rad/s2"},
    {"joint.jerk", "joint j2", "rad/s3"},
    {"joint.viable", "joint j2", "rad/s"},
    {"cell", "link lower (sphere 1) and box cell", "m"},
    {"post", "link lower (sphere 1) and box post", "m"},
    {"crate", "link lower (sphere 1) and box crate", "m"},
    {"room", "link lower (sphere 1) and box room", "m"},
    {"pole", "link lower (sphere 1) and capsule pole", "m"},
    {"dome", "link lower (sphere 1) and capsule dome", "m"},
    {"table", "link lower (sphere 1) and hull table", "m"},
    {"tent", "link lower (sphere 1) and hull tent", "m"},
    {"self", "link lower (sphere 1) and another link", "m"},
    {"human", "link lower (sphere 1) and hand", "m"},
    {"touch", "link lower (sphere 1) and hand", "m"},
    {"by_box", "link lower (sphere 1) and box post", "m/s"},
    {"by_human", "link lower (sphere 1) and hand", "m/s"},
    {"by_joint", "joint j2", "rad/s"},
    {"torque", "joint j2", "Nm"},
    {"force", "", "N"},
    {"power", "", "W"},
    {"kinetic", "", "J"},
    {"pair", "", "rad/s"},
    {"apart", "", "m"},
    {"clear", "", "m"},
    {"seen", "", "s"},
    {"duty", "", "s"},
    {"door", "", "m"},
};

}  // namespace

Test(row_words, every_family_has_its_place_and_unit) {
  const auto image = every_family();
  for (const Told& told : kTold) {
    const Row& row = row_named(*image, told.id);
    const auto r = static_cast<uint32_t>(&row - image->row);
    const std::string place = place_of(*image, r, 1);
    const std::string unit = unit_of(*image, row);
    cr_assert(is(place == told.place), "%s: %s", told.id, place.c_str());
    cr_assert(is(unit == told.unit), "%s: %s", told.id, unit.c_str());
    cr_assert(is(place_of(*image, r, kNoIndex).empty()), "%s", told.id);
  }
}

// A place or a unit for each value of RowKernel that an image can have.
Test(row_words, the_table_above_leaves_no_family_out) {
  const auto image = every_family();
  for (uint32_t k = 1; k <= static_cast<uint32_t>(RowKernel::kCallback); ++k) {
    const auto kernel = static_cast<RowKernel>(k);
    Row row = image->row[0];
    row.kernel = kernel;
    const bool known =
        explain_row(*image, row, tactus::rt::Isa::kPortable).kernel != "none";
    const bool told =
        std::any_of(std::begin(kTold), std::end(kTold), [&](const Told& t) {
          return row_named(*image, t.id).kernel == kernel;
        });
    // The closed form is a row of ssm's: its words are separation's.
    cr_assert(is(known == (told || kernel == RowKernel::kSeparationNow)), "%u",
              k);
  }
}

Test(row_words, an_entry_that_is_not_there_has_no_name) {
  auto image = every_family();
  for (uint32_t r = 0; r < image->rows; ++r) {
    image->row[r].index = 1000;
    const std::string place = place_of(*image, r, 1);
    cr_assert(is(place.find(" and box") == std::string::npos &&
                 place.find("hand") == std::string::npos),
              "%s", place.c_str());
  }
}

Test(row_words, bench_counts_every_row_once) {
  const auto image = every_family();
  cr_assert(is(static_cast<bool>(seal(*image))));
  BenchAsk ask;
  ask.cases = 3;
  const LimitsBench b =
      bench_limits(*image, kernel_for(tactus::rt::Isa::kPortable), ask);
  uint32_t rows = 0;
  for (const BenchFamily& f : b.families) rows += f.rows;
  // Of action and joints four are with the rest.
  cr_assert(is(rows == image->rows - 4), "%u of %u", rows, image->rows);
  cr_assert(is(b.families.size() == 13), "%zu", b.families.size());
}
