// SPDX-License-Identifier: MIT
// A robot of many spheres among many shapes: images whose pairs of shape and
// sphere are screened.
#pragma once

#include <algorithm>
#include <vector>

#include "oracle_motion.hpp"
#include "space_rig.hpp"

namespace crowd {

using namespace space_rig;

// Up to as many spheres, beside the arm's own.
inline void grow(kin::Chain& chain, uint32_t spheres, Draw& draw) {
  while (chain.spheres < spheres) {
    const double own = static_cast<double>(std::size(kBalls) - 1);
    const Ball& near =
        kBalls[1 + static_cast<std::size_t>(draw.uniform(0, own))];
    kin::Sphere& s = chain.sphere[chain.spheres++];
    s.link = s.body = near.link;
    s.radius = draw.uniform(0.02, 0.06);
    for (int a = 0; a < 3; ++a)
      s.center[a] = near.c[a] + draw.uniform(-0.05, 0.05);
  }
}

inline bool has_room(const Image& image, Kind kind) {
  if (kind == Kind::kBox) return image.turned < kMaxTurned;
  if (kind == Kind::kHull) return image.hulls < kMaxHulls;
  return image.capsules < kMaxCapsules;
}

// As space_rig's add() and put(), behind those that are there.
inline void append(Image& image, Shape shape, const double* at) {
  if (shape.kind == Kind::kBox) {
    std::copy_n(at, 3, shape.box.at);
    image.turned_box[image.turned] = shape.box;
    add_row(image, "box", RowKernel::kTurnedOut, image.turned++, 1);
  } else if (shape.kind == Kind::kHull) {
    Hull& hull = image.hull[image.hulls];
    hull.first = image.faces;
    hull.faces = static_cast<uint32_t>(shape.faces.size());
    for (Face face : shape.faces) {
      const double* n = face.normal;
      face.offset += n[0] * at[0] + n[1] * at[1] + n[2] * at[2];
      image.face[image.faces++] = face;
    }
    add_row(image, "hull", RowKernel::kHullOut, image.hulls++, 1);
  } else {
    for (int a = 0; a < 3; ++a) {
      shape.capsule.from[a] += at[a];
      shape.capsule.to[a] += at[a];
    }
    image.capsule[image.capsules] = shape.capsule;
    add_row(image, "rod", RowKernel::kCapsuleOut, image.capsules++, 1);
  }
}

inline Solid moved(Solid solid, const double* at) {
  for (oracle::Vec& c : solid.corner) c = c + oracle::Vec{at[0], at[1], at[2]};
  return solid;
}

// Which parts of the robot shapes bind: all of them, or some all but one.
enum class Parts { kAll, kSome };

// Shapes around a robot that stands at q, none of them in it, some next to it.
// Returned as the oracle has them.
inline std::vector<Solid> surround(Image& image, uint32_t shapes,
                                   const double* q, Parts parts, Draw& draw) {
  std::vector<Solid> out;
  const auto balls = oracle::balls_of(image.chain);
  const auto at_rest = oracle::centres(q, balls);
  const auto least = [&](const Solid& solid) {
    Real gap = INFINITY;
    for (std::size_t i = 0; i < balls.size(); ++i)
      if (balls[i].link != 0)
        gap = std::min(gap, oracle::left(solid, at_rest[i], balls[i].r));
    return gap;
  };
  while (out.size() < shapes) {
    const double which = draw.uniform(0, 1);
    const Kind kind = which < 0.1   ? Kind::kBox
                      : which < 0.2 ? Kind::kHull
                      : which < 0.6 ? Kind::kCapsule
                                    : Kind::kSphere;
    if (!has_room(image, kind)) continue;
    Shape shape = draw.shape(kind, false);
    if (kind == Kind::kCapsule || kind == Kind::kSphere)
      shape.solid.radius = shape.capsule.radius = draw.uniform(0.01, 0.1);
    const double at[3] = {draw.uniform(-1.2, 1.2), draw.uniform(-1.2, 1.2),
                          draw.uniform(-0.4, 1.4)};
    const Solid solid = moved(shape.solid, at);
    if (least(solid) < draw.uniform(0, 0.3)) continue;
    append(image, shape, at);
    if (draw.uniform(0, 1) < 0.2)
      image.row[image.rows - 1].warn = draw.uniform(0, 0.1);
    if (parts == Parts::kSome && draw.uniform(0, 1) < 0.2) {
      const auto part = static_cast<uint32_t>(draw.uniform(1, 8));
      Binds* binds =
          kind == Kind::kBox    ? &image.turned_box[image.turned - 1].binds
          : kind == Kind::kHull ? &image.hull[image.hulls - 1].binds
                                : &image.capsule[image.capsules - 1].binds;
      binds->spared = 1U << part;
    }
    out.push_back(solid);
  }
  return out;
}

// The rig's robot with as many spheres, at rest among as many shapes.
inline void gather(Image& image, uint32_t spheres, uint32_t shapes,
                   Draw& draw) {
  const Cycle rest;
  double q[7];
  std::copy_n(rest.q, 7, q);
  grow(image.chain, spheres, draw);
  surround(image, shapes, q, Parts::kSome, draw);
}

}  // namespace crowd
