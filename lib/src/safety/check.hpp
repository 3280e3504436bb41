// SPDX-License-Identifier: MIT
// The order of a check: signals → standstill → the past → pass, scale or
// project → stop. Templates over the fault (fault.hpp); shield.cpp instantiates
// the product, the tests the mutants.
#pragma once

#include "safety/project_impl.hpp"
#include "safety/rows.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

// What is wrong with the inputs; bits of Reason.
struct Health {
  uint32_t reasons = 0;
  uint32_t stale = 0;     // bit per signal
  bool robot_ok = false;  // q and dq can be used
  bool human_ok = false;  // what rows name too: a motion can be judged
};

template <class F>
void inspect(const Image& image, const ShieldState& state,
             const ShieldInput& in, Health& out) noexcept;

template <class F>
void check_with(const Image& image, ShieldState& state, const ShieldInput& in,
                ShieldOutput& out) noexcept;

template <class F>
bool foresee_with(const Image& image, ShieldState& state, const ShieldInput& in,
                  Foreseen& out) noexcept;

// instant_impl.hpp
template <class F>
void check_instant_with(const Image& image, const ShieldState& state,
                        const ShieldInput& in, ShieldOutput& out) noexcept;

template <class F>
void committed_with(const Image& image, ShieldState& state,
                    const Sent& sent) noexcept;

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety

#include "safety/check_impl.hpp"
#include "safety/instant_impl.hpp"
