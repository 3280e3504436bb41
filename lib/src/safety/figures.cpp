// SPDX-License-Identifier: MIT
// A row's numbers with what they mean: diff.hpp.
#include <fmt/format.h>

#include "safety/diff.hpp"
#include "safety/explain.hpp"

namespace tactus::safety {
namespace {

constexpr const char* kAxes[] = {"x", "y", "z"};

struct Units {
  const char* angular;
  const char* linear;
};
constexpr Units kPosition = {"rad", "m"};
constexpr Units kSpeed = {"rad/s", "m/s"};
constexpr Units kRate = {"rad/s2", "m/s2"};

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
    out.push_back({name, "", value, std::move(unit), looser, ""});
  }
  void box(const Box& box, Looser lo, Looser hi) {
    for (int a = 0; a < 3; ++a) {
      out.push_back({"from", kAxes[a], box.lo[a], "m", lo, ""});
      out.push_back({"to", kAxes[a], box.hi[a], "m", hi, ""});
    }
  }
  void text(const char* name, std::string text) {
    out.push_back({name, "", 0, "", Looser::kEither, std::move(text)});
  }

  std::vector<Figure> out;

 private:
  const Image& image_;
};

void human_figures(const Image& image, uint32_t index, Lines& to) {
  const Human& h = image.human[index];
  to.number("d_min", h.d_min, "m", Looser::kLower);
  to.number("speed", h.speed, "m/s", Looser::kLower);
  to.number("intrusion", h.intrusion, "m", Looser::kLower);
  to.number("sensor", h.sensor, "m", Looser::kLower);
  to.number("robot", h.robot, "m", Looser::kLower);
  to.text("of", image.signal[h.signal].name);
}

void linear_figures(const Image& image, const Linear& row, Lines& to) {
  std::string text;
  for (uint32_t j = 0; j < image.joints; ++j)
    text += fmt::format("{}{:g}", j ? ", " : "", row.a[j]);
  to.text("a", "[" + text + "]");
  to.number("b", row.b, "", Looser::kHigher);
}

void expression_figures(const Expression& e, Lines& to) {
  const std::string unit = std::string_view(e.unit) == "1" ? "" : e.unit;
  to.text("expr", e.text);
  if (e.lo != kNoRegister)
    to.number("min", e.min - e.rounding, unit, Looser::kLower);
  if (e.hi != kNoRegister)
    to.number("max", e.max + e.rounding, unit, Looser::kHigher);
}

// A family that this file does not know by its numbers.
std::string words(const Image& image, const Row& row) {
  const auto index = static_cast<std::size_t>(&row - image.row);
  const Explanation e = explain(image);
  return index < e.rows.size() ? e.rows[index].limit : "";
}

}  // namespace

std::vector<Figure> figures_of(const Image& image, const Row& row) {
  constexpr auto kHigher = Looser::kHigher, kLower = Looser::kLower;
  Lines to(image);
  switch (row.kernel) {
    case RowKernel::kActionBox:
      to.joints("min", image.action_lo, kSpeed, kLower);
      to.joints("max", image.action_hi, kSpeed, kHigher);
      break;
    case RowKernel::kActionRate:
      to.joints("rate", image.action_rate, kRate, kHigher);
      break;
    case RowKernel::kJointPosition:
      to.joints("from", image.position_lo, kPosition, kLower);
      to.joints("to", image.position_hi, kPosition, kHigher);
      break;
    case RowKernel::kJointVelocity:
      to.joints("velocity", image.velocity, kSpeed, kHigher);
      break;
    case RowKernel::kKeepIn:
      to.box(image.box[row.index], kLower, kHigher);
      break;
    case RowKernel::kKeepOut:
      to.box(image.box[row.index], kHigher, kLower);
      break;
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      human_figures(image, row.index, to);
      break;
    case RowKernel::kLinear:
      linear_figures(image, image.linear[row.index], to);
      break;
    case RowKernel::kExpression:
      expression_figures(image.expressions.expression[row.index], to);
      break;
    default:
      to.text("limit", words(image, row));
      break;
  }
  to.number("margin", row.margin, "", kLower);
  to.number("scale", row.scale, "", Looser::kNeither);
  to.number("priority", row.priority, "", Looser::kNeither);
  // 1 hard, 2 soft: a row that decides nothing any more.
  to.number("hard", row.kind == RowKind::kHard ? 1 : 0, "", kLower);
  return to.out;
}

}  // namespace tactus::safety
