// SPDX-License-Identifier: MIT
// What seal asks of each family, and of the rest of an image. A new family is
// a file here with its checks and a line per kernel in families.cpp. Set-up
// only.
#pragma once

#include "core/error.hpp"
#include "safety/image.hpp"
#include "tactus/result.hpp"

namespace tactus::safety::sealing {

using Check = Result<void>;

inline bool positive(double x) { return x > 0 && x - x == 0; }
inline bool not_negative(double x) { return x >= 0 && x - x == 0; }

// A unit vector is one to this; what its error moves is a nanometre in a
// kilometre.
inline constexpr double kUnitError = 1e-12;

struct Span {
  uint32_t begin, end;
};

struct Family {
  RowKernel kernel;
  const char* what;                        // an entry of its table
  Span (*entries)(const Image& image);     // that its rows may point at
  Span (*configured)(const Image& image);  // each of them needs a row
};

Check over_size();  // the error of a table that holds more than it can

Check check_commit(const Image& image);
Check check_signals(const Image& image);
Check check_spheres(const Image& image);
Check check_rows(const Image& image);  // each has its entry, each entry a row

// Of one family's tables; all of them, in this order: check_families.
Check check_families(const Image& image);
Check check_joints(const Image& image);
Check check_linear(const Image& image);
Check check_trajectory(const Image& image);
Check check_boxes(const Image& image);
Check check_solids(const Image& image);
Check check_windows(const Image& image);
Check check_self(const Image& image);
Check check_humans(const Image& image);
Check check_expressions(const Image& image);
Check check_loads(const Image& image);
Check check_contacts(const Image& image);
Check check_barriers(const Image& image);
Check check_memories(const Image& image);
Check check_callbacks(const Image& image);

// A keep row binds some part that moves, and its window exists.
Check check_binds(const Image& image, const Binds& binds, const char* what,
                  uint32_t index);
// Its programs can be run without leaving their registers.
bool expressions_valid(const Image& image) noexcept;
Check needs_moving_spheres(const Image& image);

// Of a row's slack, in its unit; after the reaches are derived.
double rounding_of(const Image& image, const Row& row);

// What is configured of the families without a table: one entry or none.
Span action_box(const Image& image);
Span action_rate(const Image& image);
Span joint_position(const Image& image);
Span joint_velocity(const Image& image);
Span joint_acceleration(const Image& image);
Span joint_jerk(const Image& image);
Span joint_viable(const Image& image);

// Entries of the tables in Dynamics.
Span torques(const Image& image);
Span forces(const Image& image);
Span powers(const Image& image);
Span energy(const Image& image);
Span contacts(const Image& image);
Span barriers(const Image& image);

void derive_memories(Image& image);
// Whether many shapes are screened; after the roundings.
void derive_screen(Image& image);
// Derived::capsule, from the capsules and what else is derived of them.
void derive_capsules(Image& image);

// Of an image whose contacts were checked: the speed of each.
void derive_contacts(Image& image);

}  // namespace tactus::safety::sealing
