// SPDX-License-Identifier: MIT
// A row's numbers with what they mean: diff.hpp.
#include "safety/figures.hpp"

#include "safety/explain_rows.hpp"

namespace tactus::safety {
namespace {

constexpr Units kPosition = {"rad", "m"};
constexpr Units kSpeed = {"rad/s", "m/s"};
constexpr Units kRate = {"rad/s2", "m/s2"};

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
  constexpr const char* kOf[] = {"u", "q", "dq"};
  to.text("of", kOf[static_cast<uint32_t>(row.of)]);
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

void memory_figures(const Image& image, const Memory& m, Lines& to) {
  constexpr const char* kForms[] = {"historically", "once", "at most"};
  const bool once = m.form == MemoryForm::kOnce;
  const auto seconds = [](int64_t ns) {
    return static_cast<double>(ns) * 1e-9;
  };
  to.text("form", kForms[static_cast<uint32_t>(m.form)]);
  to.number("window", seconds(m.window_ns), "s",
            once ? Looser::kHigher : Looser::kLower);
  to.number("allowed", seconds(m.allowed_ns), "s", Looser::kHigher);
  to.number("gap", seconds(m.gap_ns), "s", Looser::kHigher);
  to.number("slot", seconds(m.slot_ns), "s", Looser::kLower);
  to.number("worth", m.worth, "", Looser::kNeither);
  expression_figures(image.expressions.expression[m.expression], to);
}

void callback_figures(const Callback& c, Lines& to) {
  to.text("unit", c.unit);
  to.text("symbol", c.symbol);
  to.text("module", c.module);
  to.number("min", c.min, "", Looser::kLower);
  to.number("budget", static_cast<double>(c.budget_ns) * 1e-9, "s",
            Looser::kHigher);
}

}  // namespace

std::vector<Figure> figures_of(const Image& image, const Row& row) {
  constexpr auto kHigher = Looser::kHigher, kLower = Looser::kLower;
  Lines to(image);
  // Two kinds may have the same figures: a box to stay in, or out of.
  to.text("kind", explain_row(image, row, rt::Isa::kPortable).kernel);
  switch (row.kernel) {
    case RowKernel::kNone:
      break;
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
    case RowKernel::kMemory:
      memory_figures(image, image.memory[row.index], to);
      break;
    case RowKernel::kCallback:
      callback_figures(image.callback[row.index], to);
      break;
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
    case RowKernel::kSelf:
      shape_figures(image, row, to);
      break;
    case RowKernel::kJointAcceleration:
    case RowKernel::kJointJerk:
    case RowKernel::kJointViable:
    case RowKernel::kTorque:
    case RowKernel::kForce:
    case RowKernel::kPower:
    case RowKernel::kEnergy:
    case RowKernel::kContact:
    case RowKernel::kBarrier:
      dynamics_figures(image, row, to);
      break;
  }
  to.number("margin", row.margin, "", kLower);
  to.number("scale", row.scale, "", Looser::kNeither);
  to.number("priority", row.priority, "", Looser::kNeither);
  // 1 hard, 2 soft: a row that decides nothing any more.
  to.number("hard", row.kind == RowKind::kHard ? 1 : 0, "", kLower);
  // Ladder, stop, latch: each lets less out than the one before; warn is not
  // hard.
  const bool soft = row.kind == RowKind::kSoft;
  to.number("response", soft ? 0 : static_cast<double>(row.response), "",
            kLower);
  to.number("hysteresis", row.hysteresis, "", kLower);
  to.number("warn", row.warn, "", Looser::kNeither);
  to.number("severity", static_cast<double>(row.severity), "",
            Looser::kNeither);
  return to.out;
}

}  // namespace tactus::safety
