// SPDX-License-Identifier: MIT
#include "safety/limits/hull.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace tactus::safety::limits {
namespace {

// m; coordinates are below 1000 m, where a double is 1e-13 m fine.
constexpr double kCoplanar = 1e-9;
constexpr double kOnFace = 1e-6;
constexpr double kCorner = 1e-5;
// Normals closer than this are one face's: it moves a corner of a body of
// metres by less than kCorner.
constexpr double kSameWay = 1e-6;
// Twice the area of three points that give a plane, m^2.
constexpr double kArea = 1e-8;
constexpr double kFar = 2e3;  // m
constexpr double kRoom = 1e-4;

double dot(const double* a, const double* b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
void cross(const double* a, const double* b, double* out) {
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    out[i] = a[j] * b[k] - a[k] * b[j];
  }
}

// The plane through three points, or false where they are nearly in a line.
bool plane(const Point& a, const Point& b, const Point& c, Face& out) {
  double ab[3], ac[3];
  for (int i = 0; i < 3; ++i) {
    ab[i] = b.at[i] - a.at[i];
    ac[i] = c.at[i] - a.at[i];
  }
  cross(ab, ac, out.normal);
  const double area = std::sqrt(dot(out.normal, out.normal));
  if (!(area > kArea)) return false;
  for (double& part : out.normal) part /= area;
  out.offset = dot(out.normal, a.at);
  return true;
}

// Turns it so that all points are behind it; false where they are on both
// sides. Its offset is moved out to the farthest, so none is ever outside.
bool support(const std::vector<Point>& points, Face& face) {
  double below = 0, above = 0;
  for (const Point& point : points) {
    const double off = dot(face.normal, point.at) - face.offset;
    below = std::min(below, off);
    above = std::max(above, off);
  }
  if (above > kCoplanar && below < -kCoplanar) return false;
  if (above > kCoplanar) {
    for (double& part : face.normal) part = -part;
    face.offset = -face.offset;
    above = -below;
  }
  face.offset += above;
  return true;
}

// The same face through other points of it.
bool known(const std::vector<Face>& faces, const Face& face) {
  return std::any_of(faces.begin(), faces.end(), [&](const Face& other) {
    double apart[3];
    for (int i = 0; i < 3; ++i) apart[i] = face.normal[i] - other.normal[i];
    return dot(apart, apart) < kSameWay * kSameWay;
  });
}

// Where three planes meet.
bool meet(const Face& a, const Face& b, const Face& c, Point& out) {
  double bc[3], ca[3], ab[3];
  cross(b.normal, c.normal, bc);
  cross(c.normal, a.normal, ca);
  cross(a.normal, b.normal, ab);
  const double volume = dot(a.normal, bc);
  if (!(std::abs(volume) > 1e-9)) return false;
  for (int i = 0; i < 3; ++i)
    out.at[i] =
        (a.offset * bc[i] + b.offset * ca[i] + c.offset * ab[i]) / volume;
  return true;
}

double deepest(const std::vector<Face>& faces, const Point& point) {
  double least = kFar;
  for (const Face& face : faces)
    least = std::min(least, face.offset - dot(face.normal, point.at));
  return least;
}

// Corners of what lies behind all faces and within kFar.
std::vector<Point> corners(std::vector<Face> faces) {
  for (int a = 0; a < 3; ++a)
    for (const double side : {-1.0, 1.0}) {
      Face far{{0, 0, 0}, kFar};
      far.normal[a] = side;
      faces.push_back(far);
    }
  std::vector<Point> out;
  for (std::size_t i = 0; i < faces.size(); ++i)
    for (std::size_t j = i + 1; j < faces.size(); ++j)
      for (std::size_t k = j + 1; k < faces.size(); ++k) {
        Point corner;
        if (meet(faces[i], faces[j], faces[k], corner) &&
            deepest(faces, corner) >= -kOnFace)
          out.push_back(corner);
      }
  return out;
}

bool near_one(const std::vector<Point>& points, const Point& corner) {
  return std::any_of(points.begin(), points.end(), [&](const Point& point) {
    double apart[3];
    for (int i = 0; i < 3; ++i) apart[i] = point.at[i] - corner.at[i];
    return dot(apart, apart) <= kCorner * kCorner;
  });
}

}  // namespace

Result<std::vector<Face>> faces_around(const std::vector<Point>& points) {
  std::vector<Face> faces;
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = i + 1; j < points.size(); ++j)
      for (std::size_t k = j + 1; k < points.size(); ++k) {
        Face face;
        if (plane(points[i], points[j], points[k], face) &&
            support(points, face) && !known(faces, face))
          faces.push_back(face);
      }
  if (faces.size() > kMaxHullFaces)
    return bad_input("at most {} faces: leave some points out", kMaxHullFaces);
  const auto found = corners(faces);
  const bool exact =
      has_inside(faces) &&
      std::all_of(found.begin(), found.end(), [&](const Point& corner) {
        return near_one(points, corner);
      });
  if (exact) return faces;
  return bad_input(
      "points around a body, not in one plane or close to it; or give faces");
}

bool has_inside(const std::vector<Face>& faces) {
  const auto found = corners(faces);
  if (found.empty()) return false;
  Point middle{{0, 0, 0}};
  for (const Point& corner : found)
    for (int i = 0; i < 3; ++i)
      middle.at[i] += corner.at[i] / static_cast<double>(found.size());
  return deepest(faces, middle) >= kRoom;
}

}  // namespace tactus::safety::limits
