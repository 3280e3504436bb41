// SPDX-License-Identifier: MIT
// What model and robot agree on: the order, shape, unit, scale and clip of
// observations, and the kind, unit, scale and offset of the action. Comes
// from the model's metadata (keys in README.md); a second statement of it
// (the user's TOML or code) must agree. Set-up code, except encode/decode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tactus/result.hpp"

namespace tactus::policy {

class ModelPlan;

// One observation: model value = clip(scale * (signal - offset)). scale and
// offset are empty (1 and 0), one number, or one per element; clip is empty
// or {low, high} in model units.
struct Observation {
  std::string name;
  std::vector<int64_t> shape;
  std::string unit;
  std::vector<double> scale;
  std::vector<double> offset;
  std::vector<double> clip;
  std::size_t size = 0;  // elements, product of shape
};

// action = scale * output + offset, in `unit`.
struct Action {
  std::string name;
  std::string kind;    // "joint_velocity", ...
  std::string unit;    // "rad/s", ...
  std::string output;  // the ONNX output; empty: the first
  std::vector<double> scale;
  std::vector<double> offset;
  double rate_hz = 0;  // 0: not said
};

struct Contract {
  bool present = false;                   // the model said it
  std::vector<Observation> observations;  // fill the inputs in this order
  Action action;
};

// What the other side says; an empty string or size 0 is "not said".
struct SignalClaim {
  std::string name;
  std::size_t size = 0;
  std::string unit;
};
struct ContractClaim {
  std::vector<SignalClaim> observations;  // in order
  std::string action_kind;
  std::string action_unit;
  std::size_t action_size = 0;
  double action_rate_hz = 0;  // how often the policy runs
};

// Ok when the claim agrees with the model's contract where both say it (rates
// within 0.1 %: a policy run at another rate acts on another time scale) and
// the sizes fit the model's inputs and first output; else kBadInput naming
// the first contradiction and both values. `where` names the claim's origin
// ("arm.toml [policy]").
Result<void> check_contract(const ModelPlan& plan, const ContractClaim& claim,
                            const std::string& where);

// Signal → model value, element by element. `in` and `out` have item.size
// elements and may be the same. RT-safe. NaN stays NaN.
void encode(const Observation& item, std::span<const float> in,
            std::span<float> out) noexcept;
// Model output → action in the contract's unit, in place. RT-safe.
void decode(const Action& action, std::span<float> values) noexcept;

}  // namespace tactus::policy
