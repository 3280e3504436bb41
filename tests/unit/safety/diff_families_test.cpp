// SPDX-License-Identifier: MIT
// `safety diff` over every figure of space.hpp and dynamics.hpp: moved up and
// down by itself, in an image that is otherwise the same. One that is left
// out would be called "nothing is looser".
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <functional>
#include <vector>

#include "family_rows.hpp"
#include "safety/diff.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

bool is(bool value) { return value; }

// Which way the check goes when the figure rises.
enum class Rise { kLooser, kStricter, kUntold };

struct Figured {
  const char* row;
  std::function<double&(Image&)> at;
  Rise rise;
};

uint32_t index_of(const Image& image, const char* row) {
  return row_named(image, row).index;
}
TurnedBox& turned(Image& i, const char* row) {
  return i.turned_box[index_of(i, row)];
}
Capsule& capsule(Image& i, const char* row) {
  return i.capsule[index_of(i, row)];
}
Face& face(Image& i, const char* row) {
  return i.face[i.hull[index_of(i, row)].first];
}
Load& load(Image& i, const char* row) {
  return i.dynamics.load[index_of(i, row)];
}
Contact& contact(Image& i) { return i.dynamics.contact[0]; }
Barrier& barrier(Image& i) {
  return i.dynamics.barrier[index_of(i, "by_human")];
}

Memory& memory(Image& i, const char* row) { return i.memory[index_of(i, row)]; }
Expression& expression(Image& i, const char* row) {
  return i.expressions.expression[memory(i, row).expression];
}

#define AT(expression) [](Image& i) -> double& { return expression; }
const std::vector<Figured> kSpace = {
    {"crate", AT(turned(i, "crate").lo[1]), Rise::kLooser},
    {"crate", AT(turned(i, "crate").hi[1]), Rise::kStricter},
    {"crate", AT(turned(i, "crate").at[2]), Rise::kUntold},
    {"crate", AT(turned(i, "crate").axis[1][0]), Rise::kUntold},
    {"room", AT(turned(i, "room").lo[0]), Rise::kStricter},
    {"room", AT(turned(i, "room").hi[0]), Rise::kLooser},
    {"pole", AT(capsule(i, "pole").radius), Rise::kStricter},
    {"pole", AT(capsule(i, "pole").from[2]), Rise::kUntold},
    {"pole", AT(capsule(i, "pole").to[2]), Rise::kUntold},
    {"dome", AT(capsule(i, "dome").radius), Rise::kLooser},
    {"table", AT(face(i, "table").offset), Rise::kStricter},
    {"table", AT(face(i, "table").normal[0]), Rise::kUntold},
    {"table", AT(i.window[0].level), Rise::kStricter},
    {"tent", AT(face(i, "tent").offset), Rise::kLooser},
};
const std::vector<Figured> kDynamics = {
    {"joint.acceleration", AT(i.dynamics.trajectory.acceleration[1]),
     Rise::kLooser},
    {"joint.jerk", AT(i.dynamics.trajectory.jerk[1]), Rise::kLooser},
    {"joint.viable", AT(i.dynamics.trajectory.jerk[1]), Rise::kLooser},
    {"torque", AT(load(i, "torque").limit[1]), Rise::kLooser},
    {"force", AT(load(i, "force").limit[0]), Rise::kLooser},
    {"power", AT(load(i, "power").limit[0]), Rise::kLooser},
    {"kinetic", AT(i.dynamics.energy), Rise::kLooser},
    {"kinetic", AT(i.dynamics.mass[1].mass), Rise::kStricter},
    {"kinetic", AT(i.dynamics.mass[1].arm), Rise::kStricter},
    {"kinetic", AT(i.dynamics.mass[1].inertia), Rise::kStricter},
    {"touch", AT(contact(i).most), Rise::kLooser},
    {"touch", AT(contact(i).force), Rise::kLooser},
    {"touch", AT(contact(i).stiffness), Rise::kStricter},
    {"touch", AT(contact(i).body_mass), Rise::kStricter},
    {"touch", AT(contact(i).robot_mass), Rise::kStricter},
    {"touch", AT(contact(i).approach), Rise::kStricter},
    {"touch", AT(contact(i).speed), Rise::kStricter},
    {"touch", AT(contact(i).intrusion), Rise::kStricter},
    {"touch", AT(contact(i).sensor), Rise::kStricter},
    {"touch", AT(contact(i).robot), Rise::kStricter},
    {"by_human", AT(barrier(i).alpha[0]), Rise::kUntold},
    {"by_human", AT(barrier(i).alpha[1]), Rise::kUntold},
};
const std::vector<Figured> kOthers = {
    {"clear", AT(expression(i, "clear").min), Rise::kStricter},
    {"duty", AT(expression(i, "duty").max), Rise::kLooser},
    {"door", AT(i.callback[0].min), Rise::kStricter},
};
#undef AT

bool has(const Difference& d, Way way, const std::string& of) {
  for (const Change& c : d.changes)
    if (c.way == way && c.of == of) return true;
  return false;
}

// What `move` does to the image, and that it is told of this row.
void expect(const char* row, const std::function<void(Image&)>& move, Way there,
            Way back) {
  const auto a = every_family();
  const auto b = std::make_unique<Image>(*a);
  move(*b);
  const std::string of = std::string("row ") + row;
  const Difference forth = compare(*a, *b), home = compare(*b, *a);
  cr_assert(is(has(forth, there, of)), "%s: %s", row, to_text(forth).c_str());
  cr_assert(is(has(home, back, of)), "%s: %s", row, to_text(home).c_str());
  cr_assert(is(forth.looser() == (there != Way::kTightened)), "%s: %s", row,
            to_text(forth).c_str());
  cr_assert(is(home.looser() == (back != Way::kTightened)), "%s: %s", row,
            to_text(home).c_str());
}
void loosens(const char* row, const std::function<void(Image&)>& move) {
  expect(row, move, Way::kLoosened, Way::kTightened);
}
void cannot_be_told(const char* row, const std::function<void(Image&)>& move) {
  expect(row, move, Way::kChanged, Way::kChanged);
}

void rise_and_fall(const std::vector<Figured>& figures) {
  for (const Figured& f : figures) {
    const auto up = [&](Image& i) { f.at(i) += 0.25; };
    if (f.rise == Rise::kUntold) cannot_be_told(f.row, up);
    if (f.rise == Rise::kLooser) loosens(f.row, up);
    if (f.rise == Rise::kStricter)
      expect(f.row, up, Way::kTightened, Way::kLoosened);
  }
}

}  // namespace

Test(diff_families, of_the_same_image_is_empty) {
  const auto a = every_family();
  const Difference none = compare(*a, *a);
  cr_assert(is(none.changes.empty()), "%s", to_text(none).c_str());
}

Test(diff_families, shapes) { rise_and_fall(kSpace); }
Test(diff_families, motion_loads_contact_barriers) { rise_and_fall(kDynamics); }

Test(diff_families, past_time_rows_and_callbacks) {
  rise_and_fall(kOthers);
  constexpr int64_t kLonger = 1'000'000;
  loosens("clear", [](Image& i) { memory(i, "clear").window_ns -= kLonger; });
  loosens("seen", [](Image& i) { memory(i, "seen").window_ns += kLonger; });
  loosens("duty", [](Image& i) { memory(i, "duty").window_ns -= kLonger; });
  loosens("duty", [](Image& i) { memory(i, "duty").allowed_ns += kLonger; });
  loosens("duty", [](Image& i) { memory(i, "duty").slot_ns -= kLonger; });
  loosens("clear", [](Image& i) { memory(i, "clear").gap_ns += kLonger; });
  loosens("door", [](Image& i) { i.callback[0].budget_ns += 1000; });
  cannot_be_told("clear", [](Image& i) {
    memory(i, "clear").form = MemoryForm::kOnce;
    memory(i, "seen").form = MemoryForm::kHistorically;
  });
  cannot_be_told("door", [](Image& i) { i.callback[0].symbol[0] = 'x'; });
}

Test(diff_families, parts_that_a_row_spares_or_frees) {
  loosens("crate", [](Image& i) { turned(i, "crate").binds.spared = 2; });
  loosens("pole", [](Image& i) { capsule(i, "pole").binds.spared = 1; });
  loosens("post", [](Image& i) { i.box[1].binds.spared = 1; });
  loosens("tent", [](Image& i) {
    Binds& binds = i.hull[index_of(i, "tent")].binds;
    binds.allowed = 1;
    binds.window = 1;
  });
  loosens("table", [](Image& i) { i.window[0].longest_ns *= 2; });
}

Test(diff_families, a_window_by_another_signal_or_side) {
  cannot_be_told("table", [](Image& i) { i.window[0].element = 2; });
  const auto a = every_family();
  const auto b = std::make_unique<Image>(*a);
  b->window[0].below = 1;
  cr_assert(is(compare(*a, *b).looser() && compare(*b, *a).looser()));
}

// A face more is less of a body: to stay out of it is easier.
Test(diff_families, faces_of_a_hull) {
  const auto a = every_family();
  const auto b = std::make_unique<Image>(*a);
  const uint32_t out = index_of(*a, "table"), in = index_of(*a, "tent");
  b->hull[out].first = b->hull[in].first;
  b->face[b->hull[in].first] = a->face[a->hull[out].first];
  b->hull[out].faces = 2;
  const Difference d = compare(*a, *b);
  cr_assert(is(has(d, Way::kLoosened, "row table") && d.looser()), "%s",
            to_text(d).c_str());
}

Test(diff_families, fewer_pairs_or_bodies_are_looser) {
  const auto a = every_family();
  const auto b = std::make_unique<Image>(*a);
  b->pairs = 0;
  b->dynamics.masses = 1;
  const Difference d = compare(*a, *b);
  cr_assert(is(has(d, Way::kLoosened, "row self")));
  cr_assert(is(has(d, Way::kLoosened, "row kinetic")));
}

Test(diff_families, what_is_measured_or_barred) {
  cannot_be_told("force", [](Image& i) { load(i, "force").first = 1; });
  cannot_be_told("torque", [](Image& i) { load(i, "torque").signal = 0; });
  cannot_be_told("touch", [](Image& i) { contact(i).signal = 0; });
  cannot_be_told("by_box", [](Image& i) {
    i.dynamics.barrier[index_of(i, "by_box")].index = 0;
  });
  cannot_be_told("by_joint", [](Image& i) {
    i.dynamics.barrier[index_of(i, "by_joint")].of = BarrierOf::kBox;
  });
}

// The same six numbers, the other side of them.
Test(diff_families, a_box_to_stay_in_is_not_one_to_stay_out_of) {
  cannot_be_told("cell", [](Image& i) {
    const_cast<Row&>(row_named(i, "cell")).kernel = RowKernel::kKeepOut;
  });
}

Test(diff_families, what_a_linear_row_is_of) {
  cannot_be_told("pair",
                 [](Image& i) { i.linear[0].of = LinearOf::kVelocity; });
}

Test(diff_families, what_expressions_take_for_granted) {
  const auto a = every_family();
  for (const bool moves : {false, true}) {
    const auto b = std::make_unique<Image>(*a);
    for (ExprProgram& program : b->expressions.program)
      for (uint32_t i = 0; i < program.inputs; ++i)
        (moves ? program.input[i].rate : program.input[i].error) *= 0.5;
    cr_assert(is(compare(*a, *b).looser()));
    cr_assert(is(!compare(*b, *a).looser()));
  }
}

// What no list knows is not the same for that.
Test(diff_families, another_image_is_never_the_same) {
  const auto a = every_family();
  const auto b = std::make_unique<Image>(*a);
  b->header.hash += 1;
  const Difference d = compare(*a, *b);
  cr_assert(is(d.looser() && has(d, Way::kChanged, "image")));
}
