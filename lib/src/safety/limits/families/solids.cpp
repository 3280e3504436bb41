// SPDX-License-Identifier: MIT
// sphere, capsule, halfspace, hull.
#include <cmath>

#include "core/error.hpp"
#include "safety/limits/family.hpp"
#include "safety/limits/hull.hpp"

namespace tactus::safety::limits {
namespace {

double above_zero(const toml::Table& table, const char* key) {
  const double value = table.quantity(key, kLength);
  if (!(value > 0)) table[key].fail("a length above zero");
  return value;
}

double length(const double* v) {
  return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

double to_axis(const double* from, const double* to, const double* point) {
  double along[3], away[3], square = 0, dot = 0;
  for (int a = 0; a < 3; ++a) {
    along[a] = to[a] - from[a];
    away[a] = point[a] - from[a];
    square += along[a] * along[a];
    dot += along[a] * away[a];
  }
  const double foot = square > 0 ? std::fmin(1, std::fmax(0, dot / square)) : 0;
  for (int a = 0; a < 3; ++a) away[a] -= foot * along[a];
  return length(away);
}

void add_capsule(const Keep& keep, const char* key, const Capsule& capsule) {
  constexpr double kBase[3] = {0, 0, 0};
  warn_base(keep, key,
            capsule.radius - to_axis(capsule.from, capsule.to, kBase));
  auto& out = keep.in.out.capsules;
  need_room(keep.table, key, out.size(), kMaxCapsules, "spheres and capsules");
  auto& list = keep.inside ? out.in : out.out;
  list.push_back({keep_row(keep), capsule});
}

Face read_face(const toml::Table& table) {
  Face face{};
  const auto parts = table.list("normal");
  face.offset = table.quantity("offset", kLength);
  if (parts.size() != 3) {
    table["normal"].fail("three numbers: x, y, z");
    return face;
  }
  for (uint32_t a = 0; a < 3; ++a) face.normal[a] = parts[a].number();
  const double size = length(face.normal);
  if (!(size > 1e-6 && size < 1e6))
    table["normal"].fail("a direction: not all zero");
  // normal . x <= offset is a set, however long the normal is.
  for (double& part : face.normal) part /= size;
  face.offset /= size;
  if (!(std::abs(face.offset) < 1e3))
    table["offset"].fail("a length below 1000 m");
  return face;
}

std::size_t faces_of(const LimitsIr& limits) {
  std::size_t sum = 0;
  for (const auto& hull : limits.hulls.in) sum += hull.limit.faces.size();
  for (const auto& hull : limits.hulls.out) sum += hull.limit.faces.size();
  return sum;
}

void add_hull(const Keep& keep, const char* key, std::vector<Face> faces) {
  auto& out = keep.in.out;
  if (faces.empty()) return;  // an error stands already
  double nearest = 1e9;
  for (const Face& face : faces) nearest = std::fmin(nearest, face.offset);
  warn_base(keep, key, nearest);
  need_room(keep.table, key, out.hulls.size(), kMaxHulls,
            "half-spaces and hulls");
  if (faces_of(out) + faces.size() > kMaxFaces)
    keep.table[key].fail(fmt::format(
        "at most {} faces together: half-spaces and hulls", kMaxFaces));
  HullIr hull;
  copy_text(keep.name, hull.hull.name, kName);
  hull.hull.binds = keep.binds;
  hull.faces = std::move(faces);
  auto& list = keep.inside ? out.hulls.in : out.hulls.out;
  list.push_back({keep_row(keep), std::move(hull)});
}

std::vector<Face> read_faces(const toml::Value& value) {
  std::vector<Face> faces;
  for (const auto& item : value.list())
    faces.push_back(read_face(item.table()));
  if (faces.empty()) {
    value.fail("half-spaces: {normal, offset}");
  } else if (faces.size() > kMaxHullFaces) {
    value.fail(fmt::format("at most {} half-spaces", kMaxHullFaces));
  } else if (!has_inside(faces)) {
    value.fail("half-spaces that leave nothing in common",
               "a set with an inside: normals point out of it");
  }
  return faces;
}

std::vector<Face> read_vertices(const toml::Value& value) {
  std::vector<Point> points;
  for (const auto& item : value.list())
    read_point(item, points.emplace_back().at);
  if (points.size() < 4 || points.size() > kMaxHullPoints) {
    value.fail(fmt::format("4 to {} points: [x, y, z]", kMaxHullPoints));
    return {};
  }
  auto faces = faces_around(points);
  if (!faces) value.fail("no certain hull", faces.error().text());
  return faces ? *faces : std::vector<Face>{};
}

void lower_hull(const Limited<HullIr>& from, RowKernel kernel, Image& to) {
  add_row(to, from.row, kernel, to.hulls);
  Hull& hull = to.hull[to.hulls++];
  hull = from.limit.hull;
  hull.first = to.faces;
  hull.faces = static_cast<uint32_t>(from.limit.faces.size());
  for (const Face& face : from.limit.faces) to.face[to.faces++] = face;
}

}  // namespace

void read_sphere(const Keep& keep) {
  const auto sphere = keep.table.table("sphere");
  Capsule out{};
  copy_text(keep.name, out.name, kName);
  read_point(sphere["center"], out.from);
  for (int a = 0; a < 3; ++a) out.to[a] = out.from[a];
  out.radius = above_zero(sphere, "radius");
  out.binds = keep.binds;
  add_capsule(keep, "sphere", out);
}

void read_capsule(const Keep& keep) {
  const auto capsule = keep.table.table("capsule");
  Capsule out{};
  copy_text(keep.name, out.name, kName);
  read_point(capsule["from"], out.from);
  read_point(capsule["to"], out.to);
  out.radius = above_zero(capsule, "radius");
  out.binds = keep.binds;
  double axis[3];
  for (int a = 0; a < 3; ++a) axis[a] = out.to[a] - out.from[a];
  if (!(length(axis) >= 1e-6))
    capsule["to"].fail("no length", "another point than from, or a sphere");
  add_capsule(keep, "capsule", out);
}

// Points x with normal . x <= offset: the normal points out of it.
void read_halfspace(const Keep& keep) {
  add_hull(keep, "halfspace", {read_face(keep.table.table("halfspace"))});
}

void read_hull(const Keep& keep) {
  const auto hull = keep.table.table("hull");
  if (hull.has("vertices") == hull.has("faces"))
    return hull["vertices"].fail("vertices or faces");
  add_hull(keep, "hull",
           hull.has("faces") ? read_faces(hull["faces"])
                             : read_vertices(hull["vertices"]));
}

void lower_solids(const LimitsIr& from, Image& to) {
  for (const auto& one : from.capsules.in) {
    add_row(to, one.row, RowKernel::kCapsuleIn, to.capsules);
    to.capsule[to.capsules++] = one.limit;
  }
  to.capsules_in = to.capsules;
  for (const auto& one : from.capsules.out) {
    add_row(to, one.row, RowKernel::kCapsuleOut, to.capsules);
    to.capsule[to.capsules++] = one.limit;
  }
  for (const auto& one : from.hulls.in) lower_hull(one, RowKernel::kHullIn, to);
  to.hulls_in = to.hulls;
  for (const auto& one : from.hulls.out)
    lower_hull(one, RowKernel::kHullOut, to);
}

}  // namespace tactus::safety::limits
