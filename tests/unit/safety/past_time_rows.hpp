// SPDX-License-Identifier: MIT
// Past-time rows and callbacks on the rig's arm.
#pragma once

#include "expr_rows.hpp"

namespace rig {

struct PastRule {
  std::string text;
  double max;
  MemoryForm form;
  int64_t window_ns;
  int64_t allowed_ns = 0;
};

inline constexpr int64_t kGap = 4 * kMs;

// A row for each rule, and no other that a robot at rest could violate; the
// image is then sealed.
inline std::unique_ptr<Image> remembering(const std::vector<PastRule>& rules,
                                          const std::vector<Rule>& plain = {}) {
  auto image = draft();
  ImageNames names(*image);
  expr::Tree tree;
  std::vector<expr::Ruled> rows;
  const auto add = [&](const std::string& text, double max) {
    expr::Fault fault;
    const auto root = expr::parse(text, names, tree, fault);
    rows.push_back({text, root ? *root : 0, true, false, max, 0});
  };
  for (const Rule& rule : plain) {
    add_row(*image, "plain", RowKernel::kExpression,
            static_cast<uint32_t>(rows.size()), 1);
    add(rule.text, rule.max);
  }
  for (const PastRule& rule : rules) {
    Memory& m = image->memory[image->memories];
    m = {static_cast<uint32_t>(rows.size()),
         rule.form,
         rule.window_ns,
         rule.allowed_ns,
         kGap,
         0,
         1};
    constexpr int64_t kHold = kMemorySlots - 1;
    if (rule.form == MemoryForm::kAtMost)
      m.slot_ns = (rule.window_ns + kHold - 1) / kHold;
    const std::string id = "past" + std::to_string(image->memories);
    add_row(*image, id.c_str(), RowKernel::kMemory, image->memories++, 1);
    add(rule.text, rule.max);
  }
  if (!expr::emit(tree, rows, image->expressions) || !seal(*image))
    image->header.magic = 0;
  return image;
}

inline std::unique_ptr<Image> with_callback(double min) {
  auto image = draft();
  image->callbacks = 1;
  std::snprintf(image->callback[0].name, kCallbackName, "door");
  image->callback[0].min = min;
  image->callback[0].budget_ns = 20'000;
  add_row(*image, "door", RowKernel::kCallback, 0, 1);
  image->row[image->rows - 1].response = Response::kStop;
  if (!seal(*image)) image->header.magic = 0;
  return image;
}

}  // namespace rig
