// SPDX-License-Identifier: MIT
// Where figures_of() collects a row's numbers; the tables of space.hpp and
// dynamics.hpp have a file each. Every figure that the check decides by must
// be among them: what is left out, `safety diff` takes for the same. Set-up
// only.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "safety/diff.hpp"

namespace tactus::safety {

struct Units {
  const char* angular;
  const char* linear;
};

inline constexpr const char* kAxes[] = {"x", "y", "z"};

class Lines {
 public:
  explicit Lines(const Image& image) : image_(image) {}

  void joints(const char* name, const double* values, Units units,
              Looser looser) {
    for (uint32_t j = 0; j < image_.joints; ++j) {
      const bool turns = kin::is_angular(image_.chain.joint[j].type);
      out.push_back({name, image_.chain.joint_name[j], values[j],
                     turns ? units.angular : units.linear, looser, ""});
    }
  }
  void number(const char* name, double value, std::string unit, Looser looser) {
    part(name, "", value, std::move(unit), looser);
  }
  void part(const char* name, std::string of, double value, std::string unit,
            Looser looser) {
    out.push_back({name, std::move(of), value, std::move(unit), looser, ""});
  }
  // A point or direction: which way is looser cannot be told from it.
  void vector(const char* name, const double* v, const char* unit,
              const std::string& before = "") {
    for (int a = 0; a < 3; ++a)
      part(name, before + kAxes[a], v[a], unit, Looser::kEither);
  }
  void text(const char* name, std::string text) {
    out.push_back({name, "", 0, "", Looser::kEither, std::move(text)});
  }

  // Whether there is one decides nothing; another one does.
  void note(const char* name, std::string text) {
    out.push_back({name, "", 0, "", Looser::kNeither, std::move(text)});
  }

  std::vector<Figure> out;

 private:
  const Image& image_;
};

// Boxes, posed boxes, capsules, hulls, the robot itself.
void shape_figures(const Image& image, const Row& row, Lines& to);
// Trajectory, loads, energy, contacts, barriers.
void dynamics_figures(const Image& image, const Row& row, Lines& to);

}  // namespace tactus::safety
