// SPDX-License-Identifier: MIT
// Expression rows on the rig's arm: names are the image's own signals.
#pragma once

#include <cctype>
#include <string>
#include <vector>

#include "rig.hpp"
#include "safety/expr/emit.hpp"
#include "safety/expr/parse.hpp"

namespace rig {

// Ratios all of them, so that texts stay short; dimensions are the limits
// language's business.
class ImageNames final : public expr::Names {
 public:
  explicit ImageNames(const Image& image) : image_(image) {}
  double error = 0, rate = 0;  // of the hand
  double range = 10;           // of the target

  std::optional<expr::Term> find(std::string_view name, expr::Tree& tree,
                                 std::string&) override {
    ExprInput in{};
    in.lo = -40;
    in.hi = 40;
    uint32_t count = 7;
    if (name == "u") in.source = ExprSource::kAction;
    if (name == "last") in.source = ExprSource::kLast;
    if (name == "q") in.source = ExprSource::kPosition;
    if (name == "dq") in.source = ExprSource::kVelocity;
    if (in.source == ExprSource::kNone) {
      in.source = ExprSource::kSignal;
      in.signal = name == "hand" ? kHand : kTarget;
      count = image_.signal[in.signal].count;
    }
    if (name == "hand") {
      in.error = error;
      in.rate = rate;
    }
    if (name == "target") in.hi = -(in.lo = -range);
    if (name == "dt") {
      in = ExprInput{};
      in.source = ExprSource::kStep;
      in.hi = static_cast<double>(image_.commit.period_ns) * 1e-9;
      in.lo = in.hi / kSoonest;
      return expr::Term{{tree.input(in, kRatio)}, false};
    }
    expr::Term out{{}, true};
    for (in.element = 0; in.element < count; ++in.element)
      out.part.push_back(tree.input(in, kRatio));
    return out;
  }
  [[nodiscard]] bool is_spheres(std::string_view) const override {
    return false;
  }

 private:
  const Image& image_;
};

struct Rule {
  std::string text;
  double max;
};

// A row for each rule; the image is then sealed.
inline bool add_expressions(Image& image, ImageNames& names,
                            const std::vector<Rule>& rules) {
  expr::Tree tree;
  std::vector<expr::Ruled> rows;
  for (const Rule& rule : rules) {
    expr::Fault fault;
    const auto root = expr::parse(rule.text, names, tree, fault);
    if (!root) return false;
    const auto index = static_cast<uint32_t>(rows.size());
    add_row(image, ("expr" + std::to_string(index)).c_str(),
            RowKernel::kExpression, index, 1);
    rows.push_back({rule.text, *root, true, false, rule.max, 0});
  }
  return expr::emit(tree, rows, image.expressions) &&
         static_cast<bool>(seal(image));
}

inline bool add_expressions(Image& image, const std::vector<Rule>& rules) {
  ImageNames names(image);
  return add_expressions(image, names, rules);
}

}  // namespace rig
