// SPDX-License-Identifier: MIT
#include "safety/limits/tighten.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/each_row.hpp"

namespace tactus::safety::limits {
namespace {

// Whose values were tighter than the other's.
struct Won {
  bool mine = false, theirs = false;
};

// The smaller, or the larger, of two is kept.
template <class T>
void smaller(T& mine, const T& theirs, Won& won) {
  won.mine |= mine < theirs;
  won.theirs |= theirs < mine;
  mine = std::min(mine, theirs);
}
template <class T>
void larger(T& mine, const T& theirs, Won& won) {
  won.mine |= theirs < mine;
  won.theirs |= mine < theirs;
  mine = std::max(mine, theirs);
}

// Warn is no answer at all; the others as they are numbered.
uint32_t strictness(Response response) {
  const auto number = static_cast<uint32_t>(response);
  return response == Response::kWarn ? 0 : number;
}

// What all rows have. The scale goes with the limit: no limit itself.
void tighten_row(RowIr& mine, const RowIr& theirs, Won won) {
  larger(mine.margin, theirs.margin, won);
  larger(mine.hysteresis, theirs.hysteresis, won);
  larger(mine.warn, theirs.warn, won);
  larger(mine.severity, theirs.severity, won);
  if (strictness(theirs.response) > strictness(mine.response)) {
    mine.response = theirs.response;
    won.theirs = true;
  } else {
    won.mine |= mine.response != theirs.response;
  }
  mine.scale = std::min(mine.scale, theirs.scale);
  if (won.theirs) mine.files = theirs.files | (won.mine ? mine.files : 0);
}

template <class T>
bool same_bytes(const T& a, const T& b) {
  return std::ranges::equal(std::as_bytes(std::span(&a, 1)),
                            std::as_bytes(std::span(&b, 1)));
}
bool same_face(const Face& a, const Face& b) { return same_bytes(a, b); }

void nothing_left(const RowIr& mine, const RowIr& theirs, const char* of) {
  const std::string other = mine.at ? mine.at->where() : mine.id;
  theirs.at->fail(fmt::format("nothing is left of {} with {}", of, other),
                  "limits that something satisfies: all of them bind");
}

// --- per family: false: they cannot be ordered, so both are kept.

bool meet(Limited<PerJoint>& a, const Limited<PerJoint>& b, Won& won) {
  for (uint32_t j = 0; j < kMaxJoints; ++j)
    smaller(a.limit[j], b.limit[j], won);
  return true;
}

bool meet(Limited<JointRange>& a, const Limited<JointRange>& b, Won& won) {
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    larger(a.limit.lo[j], b.limit.lo[j], won);
    smaller(a.limit.hi[j], b.limit.hi[j], won);
    if (a.limit.lo[j] > a.limit.hi[j]) nothing_left(a.row, b.row, "a range");
  }
  return true;
}

// Boxes to stay in have in common what is in both.
bool meet_inside(Limited<Box>& a, const Limited<Box>& b, Won& won) {
  if (!same_bytes(a.limit.binds, b.limit.binds)) return false;
  for (int i = 0; i < 3; ++i) {
    larger(a.limit.lo[i], b.limit.lo[i], won);
    smaller(a.limit.hi[i], b.limit.hi[i], won);
    if (!(a.limit.lo[i] < a.limit.hi[i]))
      nothing_left(a.row, b.row, "a keep-in box");
  }
  return true;
}

// Boxes to stay out of are one where the one holds the other.
bool meet_outside(Limited<Box>& a, const Limited<Box>& b, Won& won) {
  if (!same_bytes(a.limit.binds, b.limit.binds)) return false;
  bool holds = true, held = true;
  for (int i = 0; i < 3; ++i) {
    const bool lo = a.limit.lo[i] <= b.limit.lo[i];
    const bool hi = a.limit.hi[i] >= b.limit.hi[i];
    holds &= lo && hi;
    held &= b.limit.lo[i] <= a.limit.lo[i] && b.limit.hi[i] >= a.limit.hi[i];
  }
  if (!holds && !held) return false;
  won.mine = holds && !held;
  won.theirs = held && !holds;
  if (won.theirs) a.limit = b.limit;
  return true;
}

template <class T>
bool meet_equal(const Limited<T>& a, const Limited<T>& b, Won&) {
  return same_bytes(a.limit, b.limit);
}
bool meet_hull(const Limited<HullIr>& a, const Limited<HullIr>& b, Won&) {
  return same_bytes(a.limit.hull, b.limit.hull) &&
         std::equal(a.limit.faces.begin(), a.limit.faces.end(),
                    b.limit.faces.begin(), b.limit.faces.end(), same_face);
}

bool meet(Limited<Human>& a, const Limited<Human>& b, Won& won) {
  if (a.limit.signal != b.limit.signal) return false;
  larger(a.limit.d_min, b.limit.d_min, won);
  larger(a.limit.speed, b.limit.speed, won);
  larger(a.limit.intrusion, b.limit.intrusion, won);
  larger(a.limit.sensor, b.limit.sensor, won);
  larger(a.limit.robot, b.limit.robot, won);
  return true;
}

// The speed that a profile allows falls with stiffness and masses.
bool meet(Limited<Contact>& a, const Limited<Contact>& b, Won& won) {
  if (a.limit.signal != b.limit.signal) return false;
  smaller(a.limit.force, b.limit.force, won);
  larger(a.limit.stiffness, b.limit.stiffness, won);
  larger(a.limit.body_mass, b.limit.body_mass, won);
  larger(a.limit.robot_mass, b.limit.robot_mass, won);
  larger(a.limit.approach, b.limit.approach, won);
  larger(a.limit.speed, b.limit.speed, won);
  larger(a.limit.intrusion, b.limit.intrusion, won);
  larger(a.limit.sensor, b.limit.sensor, won);
  larger(a.limit.robot, b.limit.robot, won);
  return true;
}

bool meet(Limited<Linear>& a, const Limited<Linear>& b, Won& won) {
  if (a.limit.of != b.limit.of || !same_bytes(a.limit.a, b.limit.a))
    return false;
  smaller(a.limit.b, b.limit.b, won);
  return true;
}

bool meet(Limited<Load>& a, const Limited<Load>& b, Won& won) {
  if (a.limit.signal != b.limit.signal || a.limit.first != b.limit.first)
    return false;
  for (uint32_t j = 0; j < kMaxJoints; ++j)
    smaller(a.limit.limit[j], b.limit.limit[j], won);
  return true;
}

// Both have the masses of the same links.
bool meet(Limited<EnergyIr>& a, const Limited<EnergyIr>& b, Won& won) {
  smaller(a.limit.most, b.limit.most, won);
  for (std::size_t i = 0; i < a.limit.masses.size(); ++i) {
    larger(a.limit.masses[i].mass, b.limit.masses[i].mass, won);
    larger(a.limit.masses[i].arm, b.limit.masses[i].arm, won);
    larger(a.limit.masses[i].inertia, b.limit.masses[i].inertia, won);
  }
  return true;
}

// A smaller alpha is tighter only while h >= 0: beyond it the larger one gets
// out sooner. Both rows stay.
bool meet(Limited<BarrierIr>& a, const Limited<BarrierIr>& b, Won&) {
  const Barrier& mine = a.limit.barrier;
  const Barrier& theirs = b.limit.barrier;
  return a.limit.on == b.limit.on && mine.degree == theirs.degree &&
         same_bytes(mine.alpha, theirs.alpha);
}

// The tree has one node for what is the same: text, inputs and their doubt.
bool meet(Limited<expr::Ruled>& a, const Limited<expr::Ruled>& b, Won& won) {
  expr::Ruled& mine = a.limit;
  const expr::Ruled& theirs = b.limit;
  if (mine.root != theirs.root) return false;
  if (mine.has_max && theirs.has_max) smaller(mine.max, theirs.max, won);
  if (mine.has_min && theirs.has_min) larger(mine.min, theirs.min, won);
  won.mine |=
      (mine.has_max && !theirs.has_max) || (mine.has_min && !theirs.has_min);
  if (theirs.has_max && !mine.has_max) {
    mine.max = theirs.max;
    won.theirs = mine.has_max = true;
  }
  if (theirs.has_min && !mine.has_min) {
    mine.min = theirs.min;
    won.theirs = mine.has_min = true;
  }
  if (mine.has_max && mine.has_min && mine.min > mine.max)
    nothing_left(a.row, b.row, "an expression");
  return true;
}

bool meet(Limited<SelfIr>&, const Limited<SelfIr>&, Won&) {
  return true;  // of one robot: the same pairs
}

// --- names

void set_name(Box& to, const std::string& id) { copy_text(id, to.name, kName); }
void set_name(TurnedBox& to, const std::string& id) {
  copy_text(id, to.name, kName);
}
void set_name(Capsule& to, const std::string& id) {
  copy_text(id, to.name, kName);
}
void set_name(HullIr& to, const std::string& id) {
  copy_text(id, to.hull.name, kName);
}
void set_name(Linear& to, const std::string& id) {
  copy_text(id, to.name, kName);
}
void set_name(Callback& to, const std::string& id) {
  copy_text(id, to.name, kCallbackName);
}
template <class T>
void set_name(T&, const std::string&) {}

class Tightener {
 public:
  Tightener(LimitsIr& to, const std::string& label) : label_(label) {
    each_row(to,
             [this](const RowIr& row, const char*) { taken_.insert(row.id); });
  }

  template <class T, class Meet>
  void list(std::vector<Limited<T>>& to, std::vector<Limited<T>>& from,
            const Meet& meet) {
    const std::size_t before = to.size();
    for (auto& theirs : from) {
      const auto mine = std::find_if(
          to.begin(), to.begin() + static_cast<std::ptrdiff_t>(before),
          [&](const auto& row) { return row.row.id == theirs.row.id; });
      Won won;
      const bool both = mine - to.begin() < static_cast<std::ptrdiff_t>(before);
      if (both && meet(*mine, theirs, won)) {
        tighten_row(mine->row, theirs.row, won);
        continue;
      }
      name_apart(theirs);
      to.push_back(std::move(theirs));
    }
  }

  template <class T>
  void one(std::optional<Limited<T>>& to, std::optional<Limited<T>>& from) {
    if (!from) return;
    if (!to) {
      name_apart(*from);
      to = std::move(from);
      return;
    }
    Won won;
    (void)meet(*to, *from, won);
    tighten_row(to->row, from->row, won);
  }

  // Of a row of its file that got another name.
  [[nodiscard]] std::string now_called(const std::string& id) const {
    const auto at = renamed_.find(id);
    return at == renamed_.end() ? id : at->second;
  }

 private:
  template <class T>
  void name_apart(Limited<T>& row) {
    const std::string was = row.row.id;
    if (taken_.insert(was).second) return;
    const std::string id = label_ + "." + was;
    if (id.size() > kName - 5 || !taken_.insert(id).second)
      return row.row.at->fail(
          fmt::format("a row of that name in another file, and no room for "
                      "{} beside it",
                      quoted(id)),
          "another name, or the same limit: both bind");
    renamed_[was] = id;
    row.row.id = id;
    set_name(row.limit, id);
  }

  std::string label_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> renamed_;
};

}  // namespace

void tighten(LimitsIr& to, LimitsIr&& from, const std::string& label) {
  Tightener t(to, label);
  const auto any = [](auto& a, const auto& b, Won& won) {
    return meet(a, b, won);
  };
  const auto equal = [](auto& a, const auto& b, Won& won) {
    return meet_equal(a, b, won);
  };
  // Which of two windows or functions is tighter cannot be told.
  const auto none = [](auto&, const auto&, Won&) { return false; };
  t.one(to.action_max, from.action_max);
  t.one(to.action_rate, from.action_rate);
  t.one(to.position, from.position);
  t.one(to.velocity, from.velocity);
  t.one(to.acceleration, from.acceleration);
  t.one(to.jerk, from.jerk);
  t.one(to.self, from.self);
  t.one(to.energy, from.energy);
  t.list(to.humans, from.humans, any);
  t.list(to.contacts, from.contacts, any);
  t.list(to.boxes.in, from.boxes.in, meet_inside);
  t.list(to.boxes.out, from.boxes.out, meet_outside);
  t.list(to.turned.in, from.turned.in, equal);
  t.list(to.turned.out, from.turned.out, equal);
  t.list(to.capsules.in, from.capsules.in, equal);
  t.list(to.capsules.out, from.capsules.out, equal);
  t.list(to.hulls.in, from.hulls.in, meet_hull);
  t.list(to.hulls.out, from.hulls.out, meet_hull);
  t.list(to.linears, from.linears, any);
  t.list(to.torques, from.torques, any);
  t.list(to.forces, from.forces, any);
  t.list(to.powers, from.powers, any);
  t.list(to.expressions, from.expressions, any);
  t.list(to.past, from.past, none);
  t.list(to.callbacks, from.callbacks, none);
  for (auto& barrier : from.barriers)
    barrier.limit.on = t.now_called(barrier.limit.on);
  t.list(to.barriers, from.barriers, any);
}

}  // namespace tactus::safety::limits
