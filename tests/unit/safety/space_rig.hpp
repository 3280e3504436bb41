// SPDX-License-Identifier: MIT
// Images with one shape, or one self row, and nothing else that binds; and
// the same shape for the oracle.
#pragma once

#include <random>

#include "safety/limits/hull.hpp"
#include "safety/limits/self_pairs.hpp"
#include "safety/seal/family.hpp"
#include "space_oracle.hpp"

namespace space_rig {

using namespace rig;
using oracle::Real;
using oracle::Solid;

// Only kinematics and the constants of the commit rule.
inline std::unique_ptr<Image> bare() {
  auto image = draft();
  image->rows = 0;
  image->boxes = image->boxes_in = 0;
  image->humans = 0;
  for (uint32_t j = 0; j < 7; ++j) {
    image->action_lo[j] = image->position_lo[j] = -kInf;
    image->action_hi[j] = image->position_hi[j] = kInf;
    image->action_rate[j] = image->velocity[j] = kInf;
  }
  return image;
}

enum class Kind { kSphere, kCapsule, kHalf, kHull, kBox };
inline constexpr Kind kKinds[] = {Kind::kSphere, Kind::kCapsule, Kind::kHalf,
                                  Kind::kHull, Kind::kBox};

// A shape around the origin, as the product has it and as the oracle does.
struct Shape {
  Kind kind;
  bool inside;
  Capsule capsule{};
  TurnedBox box{};
  std::vector<Face> faces;
  Solid solid;
};

class Draw {
 public:
  explicit Draw(uint64_t seed) : rng_(seed) {}
  double uniform(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng_);
  }
  uint32_t index(uint32_t below) {
    return std::uniform_int_distribution<uint32_t>(0, below - 1)(rng_);
  }
  oracle::Vec way() {
    for (;;) {
      const oracle::Vec v{uniform(-1, 1), uniform(-1, 1), uniform(-1, 1)};
      const Real size = oracle::norm(v);
      if (size > 0.1L && size < 1) return (1 / size) * v;
    }
  }
  Shape shape(Kind kind, bool inside) {
    Shape out;
    out.kind = kind;
    out.inside = out.solid.inside = inside;
    const double size = inside ? uniform(2, 4) : uniform(0.05, 0.3);
    if (kind == Kind::kSphere || kind == Kind::kCapsule) rod(out, size);
    if (kind == Kind::kHalf) half(out);
    if (kind == Kind::kHull) hull(out, size);
    if (kind == Kind::kBox) box(out, size);
    return out;
  }

 private:
  static void set(double* to, oracle::Vec v) {
    to[0] = static_cast<double>(v.x);
    to[1] = static_cast<double>(v.y);
    to[2] = static_cast<double>(v.z);
  }
  static oracle::Vec get(const double* v) { return {v[0], v[1], v[2]}; }

  void rod(Shape& out, double size) {
    out.capsule.radius = size;
    if (out.kind == Kind::kCapsule)
      set(out.capsule.to, uniform(0.1, 1) * way());
    out.solid.radius = size;
    out.solid.corner = {get(out.capsule.from)};
    if (out.kind == Kind::kCapsule)
      out.solid.corner.push_back(get(out.capsule.to));
  }
  void half(Shape& out) {
    Face face{};
    set(face.normal, way());
    const double n = std::sqrt(face.normal[0] * face.normal[0] +
                               face.normal[1] * face.normal[1] +
                               face.normal[2] * face.normal[2]);
    for (double& part : face.normal) part /= n;
    out.faces = {face};
    out.solid.half = true;
    out.solid.way = get(face.normal);
  }
  // Five to eight points on a sphere, about the origin.
  void hull(Shape& out, double size) {
    for (;;) {
      std::vector<limits::Point> points;
      out.solid.corner.clear();
      const int count = static_cast<int>(uniform(5, 9));
      for (int i = 0; i < count; ++i) {
        set(points.emplace_back().at, size * way());
        out.solid.corner.push_back(get(points.back().at));
      }
      const bool holds = oracle::depth({}, out.solid.corner) > 0.2 * size;
      auto faces = limits::faces_around(points);
      if (!faces || !holds) continue;
      out.faces = *faces;
      return;
    }
  }
  // Roll, pitch, yaw by turning vectors about fixed axes, one by one.
  void box(Shape& out, double size) {
    const double angle[3] = {uniform(-3, 3), uniform(-1.5, 1.5),
                             uniform(-3, 3)};
    const auto turned = [&](oracle::Vec v) {
      const Real c[3] = {std::cos(Real{angle[0]}), std::cos(Real{angle[1]}),
                         std::cos(Real{angle[2]})};
      const Real s[3] = {std::sin(Real{angle[0]}), std::sin(Real{angle[1]}),
                         std::sin(Real{angle[2]})};
      v = {v.x, c[0] * v.y - s[0] * v.z, s[0] * v.y + c[0] * v.z};
      v = {c[1] * v.x + s[1] * v.z, v.y, c[1] * v.z - s[1] * v.x};
      return oracle::Vec{c[2] * v.x - s[2] * v.y, s[2] * v.x + c[2] * v.y, v.z};
    };
    const oracle::Vec unit[3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (int a = 0; a < 3; ++a) {
      set(out.box.axis[a], turned(unit[a]));
      out.box.lo[a] = -size * uniform(0.8, 1.2);
      out.box.hi[a] = size * uniform(0.8, 1.2);
    }
    for (int i = 0; i < 8; ++i)
      out.solid.corner.push_back(
          turned({(i & 1) != 0 ? out.box.hi[0] : out.box.lo[0],
                  (i & 2) != 0 ? out.box.hi[1] : out.box.lo[1],
                  (i & 4) != 0 ? out.box.hi[2] : out.box.lo[2]}));
  }

  std::mt19937_64 rng_;
};

inline void add(Image& image, const Shape& shape) {
  const bool in = shape.inside;
  const double scale = 1;
  if (shape.kind == Kind::kSphere || shape.kind == Kind::kCapsule) {
    image.capsules = 1;
    image.capsules_in = in ? 1 : 0;
    image.capsule[0] = shape.capsule;
    add_row(image, "rod", in ? RowKernel::kCapsuleIn : RowKernel::kCapsuleOut,
            0, scale);
  } else if (shape.kind == Kind::kBox) {
    image.turned = 1;
    image.turned_in = in ? 1 : 0;
    image.turned_box[0] = shape.box;
    add_row(image, "box", in ? RowKernel::kTurnedIn : RowKernel::kTurnedOut, 0,
            scale);
  } else {
    image.hulls = 1;
    image.hulls_in = in ? 1 : 0;
    image.faces = static_cast<uint32_t>(shape.faces.size());
    image.hull[0].faces = image.faces;
    std::copy(shape.faces.begin(), shape.faces.end(), image.face);
    add_row(image, "hull", in ? RowKernel::kHullIn : RowKernel::kHullOut, 0,
            scale);
  }
}

// Moves the image's shape and the oracle's: of the figures that seal derives
// only those of capsules in lanes depend on where a shape is, and `extent`,
// which only many have. `rod`: which of the capsules it is.
inline Solid put(Image& image, const Shape& shape, const double* at,
                 uint32_t rod = 0) {
  const bool is_rod =
      shape.kind == Kind::kSphere || shape.kind == Kind::kCapsule;
  for (int a = 0; a < 3 && is_rod; ++a) {
    image.capsule[rod].from[a] = shape.capsule.from[a] + at[a];
    image.capsule[rod].to[a] = shape.capsule.to[a] + at[a];
  }
  if (is_rod) sealing::derive_capsules(image);
  if (shape.kind == Kind::kBox) std::copy_n(at, 3, image.turned_box[0].at);
  for (std::size_t f = 0; f < shape.faces.size(); ++f) {
    const double* n = shape.faces[f].normal;
    image.face[f].offset =
        shape.faces[f].offset + n[0] * at[0] + n[1] * at[1] + n[2] * at[2];
  }
  Solid out = shape.solid;
  for (oracle::Vec& c : out.corner) c = c + oracle::Vec{at[0], at[1], at[2]};
  out.offset = oracle::dot(out.way, {at[0], at[1], at[2]});
  return out;
}

// Links 0 and 2 against what is two links on, as oracle::self_gap.
inline void add_self(Image& image) {
  const auto set_apart = [&](uint32_t a, uint32_t b) {
    image.chain.disabled[a] |= 1u << b;
    image.chain.disabled[b] |= 1u << a;
  };
  for (uint32_t a = 0; a < 8; ++a)
    for (uint32_t b = 0; b < a; ++b)
      if (!oracle::apart(a, b)) set_apart(a, b);
  const limits::SelfIr self = limits::self_pairs(image.chain);
  image.selves = 1;
  for (const Pair& pair : self.pairs) image.pair[image.pairs++] = pair;
  for (const PairGroup& group : self.groups)
    image.pair_group[image.pair_groups++] = group;
  add_row(image, "self", RowKernel::kSelf, 0, 1);
}

// The robot at rest in a pose.
template <class F = NoFault>
bool rests(const Image& image, const double* q) {
  Cycle c;
  for (int j = 0; j < 7; ++j) c.q[j] = static_cast<float>(q[j]);
  return c.run<F>(image) == TACTUS_RUNG_PASS;
}

struct Edge {
  bool found = false;
  double accepted[3];  // where the shape is just accepted
  Real left;           // of the oracle there, without the model error
};

// Bisects the shape's place from `free` towards `hit`, down to neighbouring
// doubles.
template <class F = NoFault>
Edge edge(Image& image, const Shape& shape, const double* q, const double* free,
          const double* hit) {
  Edge out;
  const auto place = [&](double t) {
    for (int a = 0; a < 3; ++a)
      out.accepted[a] = free[a] + t * (hit[a] - free[a]);
    return put(image, shape, out.accepted);
  };
  const auto taken = [&](double t) {
    place(t);
    return rests<F>(image, q);
  };
  if (!taken(0) || taken(1)) return out;
  double low = 0, high = 1;
  while (high > std::nextafter(low, high)) {
    const double middle = low + 0.5 * (high - low);
    if (!(middle > low && middle < high)) break;
    (taken(middle) ? low : high) = middle;
  }
  const Solid solid = place(low);
  out.found = true;
  out.left = oracle::least_left(solid, q) - Real{image.commit.model_error};
  return out;
}

// A case for edge(): a pose, any or the given one, and the shape's way from
// free to hit.
struct Trial {
  double q[7];
  double free[3];
  double hit[3];
};
inline Trial trial(Draw& draw, const Shape& shape,
                   const double* pose = nullptr) {
  Trial out;
  for (int j = 0; j < 7; ++j)
    out.q[j] = static_cast<double>(static_cast<float>(draw.uniform(-1.5, 1.5)));
  if (pose != nullptr) std::copy_n(pose, 7, out.q);
  const oracle::Vec way = draw.way();
  const oracle::Vec ball =
      oracle::centres(out.q)[1 + 7 * (draw.uniform(0, 1) > 0.5)];
  const double w[3] = {static_cast<double>(way.x), static_cast<double>(way.y),
                       static_cast<double>(way.z)};
  const double b[3] = {static_cast<double>(ball.x), static_cast<double>(ball.y),
                       static_cast<double>(ball.z)};
  const double* n = shape.kind == Kind::kHalf ? shape.faces[0].normal : w;
  for (int a = 0; a < 3; ++a) {
    if (shape.inside) {
      out.free[a] = shape.kind == Kind::kHalf ? 4 * n[a] : 0;
      out.hit[a] = shape.kind == Kind::kHalf ? -4 * n[a] : b[a] + 5 * n[a];
    } else {
      out.free[a] = shape.kind == Kind::kHalf ? -4 * n[a] : b[a] + 5 * n[a];
      out.hit[a] = shape.kind == Kind::kHalf ? 4 * n[a] : b[a];
    }
  }
  return out;
}

}  // namespace space_rig
