// SPDX-License-Identifier: MIT
// Parts of the safety bench in files of their own. Each takes the demo's
// image and adds rows and ratios to the report.
#pragma once

#include <memory>
#include <vector>

#include "report.hpp"
#include "safety/kernel.hpp"
#include "safety/scenes.hpp"
#include "safety/stopwatch.hpp"

namespace bench {

// Beside FCL (spheres against capsules and each other) and Eigen (linear
// rows), on the same scene. False: answers disagree; then nothing was timed.
[[nodiscard]] bool add_peer_rows(const tactus::safety::Image& demo, int cases,
                                 Report& report);

// Time against pairs, posts, linear rows, expressions and samples; writes
// build/bench/safety_growth.svg. False: it could not.
[[nodiscard]] bool add_growth_rows(const tactus::safety::Image& demo, int cases,
                                   Report& report);

// One motion judged, of random inputs and of hostile ones: denormals, zeros
// of both signs, a hand within ulps of the threshold.
void add_data_rows(const tactus::safety::Image& demo, int cases,
                   Report& report);

// A cycle's check 2000 times a second for `seconds`, beside the share of the
// time that the host stole.
void add_paced_rows(const tactus::safety::Image& demo, double seconds,
                    Report& report);

// What they share: the demo without its rows, and what to add to it.
using ImageCopy = std::unique_ptr<tactus::safety::Image>;
[[nodiscard]] ImageCopy bare(const tactus::safety::Image& demo);
void add_posts(tactus::safety::Image& image, uint32_t count);
void add_pairs(tactus::safety::Image& image, uint32_t count);
void add_linear(tactus::safety::Image& image, uint32_t count);
[[nodiscard]] bool add_expressions(tactus::safety::Image& image,
                                   uint32_t count);
[[nodiscard]] bool seal_or_say(tactus::safety::Image& image);

// The widest kernel of this machine, or of TACTUS_ISA.
[[nodiscard]] const tactus::safety::Kernel& this_kernel();

}  // namespace bench
