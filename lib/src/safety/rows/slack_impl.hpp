// SPDX-License-Identifier: MIT
// What a family measures: the smallest slack of each of its rows.
#pragma once

#include <cstddef>
#include <limits>

#include "safety/predict.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Vectors of half as many lanes.
template <class V>
struct Halves {
  using L = std::remove_cvref_t<decltype(V{}[0])>;
  typedef L Half __attribute__((vector_size(sizeof(V) / 2)));
  Half lo, hi;
  [[gnu::always_inline]] explicit Halves(const V& of) {
    static_assert(sizeof(Halves) == sizeof of);
    __builtin_memcpy(this, &of, sizeof of);
  }
};
template <class L, class H>
struct Halves<kin::Pair<L, H>> {
  H lo, hi;
  [[gnu::always_inline]] explicit Halves(const kin::Pair<L, H>& of)
      : lo(of.lo), hi(of.hi) {}
};

// The largest lane; a NaN in any stays.
template <class V>
[[gnu::always_inline]] inline double most_of(const V& lanes) {
  if constexpr (sizeof(V) == 2 * sizeof(double)) {
    return larger(lanes[0], lanes[1]);
  } else {
    const Halves<V> both(lanes);
    auto most = both.lo;
    larger8(both.lo, both.hi, most);
    return most_of(most);
  }
}

// The smallest lane. After a NaN the next one counts.
template <class V>
[[gnu::always_inline]] inline double least_of(const V& lanes) {
  if constexpr (sizeof(V) == 2 * sizeof(double)) {
    return lanes[1] >= lanes[0] ? lanes[0] : lanes[1];
  } else {
    const Halves<V> both(lanes);
    auto less = both.lo;
    kin::select_le(both.lo, both.hi, both.lo, both.hi, less);
    return least_of(less);
  }
}

// The smallest lane, and whose it is. After a NaN the next one counts. L: what
// a lane is.
template <class V, class L>
[[gnu::always_inline]] inline void least_of(const V& lanes, const V& who,
                                            L& least, L& whose) {
  if constexpr (sizeof(V) == 2 * sizeof(L)) {
    const bool first = lanes[1] >= lanes[0];
    least = first ? lanes[0] : lanes[1];
    whose = first ? who[0] : who[1];
  } else {
    const Halves<V> both(lanes), of(who);
    auto less = both.lo, its = of.lo;
    kin::select_le(both.lo, both.hi, both.lo, both.hi, less);
    kin::select_le(both.lo, both.hi, of.lo, of.hi, its);
    least_of(less, its, least, whose);
  }
}

// Smallest slack of one row so far: NaN until something was measured, so a
// row over an empty set violates. `bad` is sticky, because a NaN slack would
// be lost by the next minimum.
struct Slack {
  double worst = std::numeric_limits<double>::quiet_NaN();
  uint32_t link = kNoIndex;
  bool bad = false;

  void take(double slack, uint32_t who) {
    const bool kept = slack >= worst;
    worst = kept ? worst : slack;
    link = kept ? link : who;
    bad |= !(slack >= 0);
  }
  void refuse() { bad = true; }
};

struct Slack8 {
  Double8 worst = Double8{} + std::numeric_limits<double>::quiet_NaN();
  Double8 who = Double8{} + double{kNoIndex};
  kin::Int8 good = ~kin::Int8{};

  [[gnu::always_inline]] void take(const Double8& slack, uint32_t sphere) {
    Double8 index;
    kin::fill(static_cast<double>(sphere), index);
    take(slack, index);
  }
  // Lanes are of different spheres.
  [[gnu::always_inline]] void take(const Double8& slack, const Double8& index) {
    // Before `worst`, which it compares with; NaN on either side replaces.
    select_le(worst, slack, who, index, who);
    select_le(worst, slack, worst, slack, worst);
    kin::Int8 enough;
    kin::at_least(slack, Double8{}, enough);
    good = good & enough;
  }
  void refuse() { good = kin::Int8{}; }
  void drain(Slack& into) const {
    double least, whose;
    least_of(worst, who, least, whose);
    into.take(least, static_cast<uint32_t>(whose));
    into.bad |= !kin::all_of(good);
  }
};

// Eight rows' slacks, and whether they are counted. A mask is all ones or
// zero.
struct Found8 {
  Double8 worst;
  kin::Int8 link;
  kin::Int8 bad;
  kin::Int8 counted;
};

// Eight of a table's entries.
static_assert(sizeof(Slack) == 16 && offsetof(Slack, link) == 8 &&
              offsetof(Slack, bad) == 12);
[[gnu::always_inline]] inline void take_eight(const Slack* from, Found8& out) {
  kin::Int8 a, b, worst, rest;
  kin::load(reinterpret_cast<const int64_t*>(from), a);
  kin::load(reinterpret_cast<const int64_t*>(from + kLanes / 2), b);
  kin::split(a, b, worst, rest);
  kin::same_bits(worst, out.worst);
  out.link = rest & int64_t{0xffff'ffff};
  out.bad = -((rest >> int64_t{32}) & int64_t{1});
  out.counted = ~kin::Int8{};
}
[[gnu::always_inline]] inline void put_eight(const Double8& worst,
                                             const kin::Int8& bad,
                                             Slack* into) {
  kin::Int8 words, a, b;
  kin::same_bits(worst, words);
  const kin::Int8 rest =
      (bad & (int64_t{1} << 32)) | (kin::Int8{} + int64_t{kNoIndex});
  kin::join(words, rest, a, b);
  kin::store(a, reinterpret_cast<int64_t*>(into));
  kin::store(b, reinterpret_cast<int64_t*>(into + kLanes / 2));
}

// As many of a table's entries as there are begin as nothing measured; the
// rest of the memory is left alone, since every candidate would pay for it.
template <class T>
void begin(T* entry, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) entry[k] = T{};
}

// What the walk through space measures: a line per family, with Slack8 on
// eight samples at once and with Slack of all of them.
template <class T>
struct SpaceTables {
  explicit SpaceTables(const Image& image, bool with_shapes = true) {
    if (with_shapes) {
      begin(box, image.boxes);
      begin(turned, image.turned);
      begin(capsule, image.capsules);
      begin(hull, image.hulls);
    }
    begin(human, image.humans);
    begin(contact, image.dynamics.contacts);
    if (image.ladder.exact_every == 0) return;
    begin(sure_human, image.humans);
    begin(sure_contact, image.dynamics.contacts);
  }
  T self;
  union {
    T box[kMaxBoxes];
  };
  union {
    T turned[kMaxTurned];
  };
  union {
    T capsule[kMaxCapsules];
  };
  union {
    T hull[kMaxHulls];
  };
  union {
    T human[kMaxHumans];
  };
  union {
    T contact[kMaxContacts];
  };
  // The same for the memory (memory_impl.hpp).
  union {
    T sure_human[kMaxHumans];
  };
  union {
    T sure_contact[kMaxContacts];
  };
};

// The entry of a table, if it has one there.
template <class T>
const T* entry(const T* table, uint32_t count, uint32_t index) {
  return index < count ? table + index : nullptr;
}

// What the walk measured for a row; null: it is no row in space.
template <class T>
const T* space_entry(const Image& image, const SpaceTables<T>& all,
                     const Row& row) {
  const uint32_t i = row.index;
  switch (row.kernel) {
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return entry(all.box, image.boxes, i);
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
      return entry(all.turned, image.turned, i);
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
      return entry(all.capsule, image.capsules, i);
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
      return entry(all.hull, image.hulls, i);
    case RowKernel::kSelf:
      return &all.self;
    case RowKernel::kSeparation:
      return entry(all.human, image.humans, i);
    case RowKernel::kContact:
      return entry(all.contact, image.dynamics.contacts, i);
    default:
      return nullptr;
  }
}

// Everything measured about a motion, per table entry: a line per family.
struct Slacks : SpaceTables<Slack> {
  explicit Slacks(const Image& image) : SpaceTables<Slack>(image) {
    begin(human_now, image.humans);
    begin(expression, image.expressions.count);
    begin(load, image.dynamics.loads);
    begin(barrier, image.dynamics.barriers);
    begin(memory, image.memories);
    begin(callback, image.callbacks);
  }
  Slack action, rate, position, velocity;
  Slack acceleration, jerk, viable, energy;
  union {
    Slack human_now[kMaxHumans];
  };
  union {
    Slack linear[kMaxLinear];  // linear_slacks() writes all of them
  };
  union {
    Slack expression[kMaxExpressions];
  };
  union {
    Slack load[kMaxLoads];
  };
  union {
    Slack barrier[kMaxBarriers];
  };
  union {
    Slack memory[kMaxMemories];
  };
  union {
    Slack callback[kMaxCallbacks];
  };
};

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
