// SPDX-License-Identifier: MIT
// Rows of one kind, as many as wanted, for the images of cost_images.hpp.
#pragma once

#include <span>

#include "safety/image.hpp"

namespace bench {

inline constexpr uint32_t kHand = 2;  // signals of those images
inline constexpr uint32_t kTorqueSignal = 3;

struct Kind {
  const char* name;
  void (*add)(tactus::safety::Image& image, uint32_t count);
  uint32_t count[3];
};
std::span<const Kind> kinds();

void add_row(tactus::safety::Image& image, tactus::safety::RowKernel kernel,
             uint32_t index);
void add_humans(tactus::safety::Image& image, uint32_t count);
// Boxes to stay in and out of, humans, and a soft row: no motion of such an
// image is left half judged.
void add_project_rows(tactus::safety::Image& image, uint32_t boxes,
                      uint32_t humans);

}  // namespace bench
