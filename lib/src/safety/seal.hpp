// SPDX-License-Identifier: MIT
// Last step of compiling an image: checks that it is whole, derives what the
// kernels need, fills the section table and the hash. Set-up only.
#pragma once

#include "safety/image.hpp"
#include "tactus/result.hpp"

namespace tactus::safety {

// Refuses (kBadInput, one line) anything the shield could not judge: no
// rows without limit = "none", an unknown kernel, a limit that has no row, a
// row whose table entry is missing, a constant that is missing, negative or
// not finite, an output kind other than joint_velocity. `image` is unusable
// after an error.
Result<void> seal(Image& image);

// True when the image is of this build's layout and its hash fits.
[[nodiscard]] bool intact(const Image& image) noexcept;

}  // namespace tactus::safety
