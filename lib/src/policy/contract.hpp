// SPDX-License-Identifier: MIT
// What model and robot agree on: the order, shape, unit, scale and clip of
// observations, and the kind, unit, scale and offset of the action. Comes
// from the model's metadata (keys in metadata.md); a second statement of it
// (the user's TOML or code) must agree. Set-up code, except encode/decode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tactus/result.hpp"

namespace tactus::policy {

class ModelPlan;

enum class HistoryOrder : uint8_t { kOldestFirst, kNewestFirst };
// By step: whole observation vectors one behind the other. By signal: each
// signal's samples together.
enum class HistoryLayout : uint8_t { kByStep, kBySignal };
// What stands where nothing was observed yet since the last reset.
enum class HistoryFill : uint8_t { kFirst, kZeros };

// `length` samples, `every` cycles apart, the newest of them now.
struct History {
  std::size_t length = 1;  // 1: the present alone
  std::size_t every = 1;
  HistoryOrder order = HistoryOrder::kOldestFirst;
  HistoryLayout layout = HistoryLayout::kBySignal;
  HistoryFill fill = HistoryFill::kFirst;
  // Cycles from the oldest sample to now, both counted.
  [[nodiscard]] std::size_t span() const { return (length - 1) * every + 1; }
  bool operator==(const History&) const = default;
};

// Columns of all inputs, end to end.
struct Columns {
  std::size_t first = 0;
  std::size_t count = 0;
  bool operator==(const Columns&) const = default;
};

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
  History history;
  bool slow = false;  // changes slower than the loop, says the model
  // place(): of the first sample in the inputs end to end, and from each to
  // the next.
  std::size_t first = 0;
  std::size_t stride = 0;
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
  std::optional<History> history;         // of a whole input
  std::string history_input;              // which; empty: the only one
  Action action;
};

struct TensorInfo;  // policy/plan.hpp

// Where in the inputs each observation's samples lie; an input with a history
// gives it to its observations. They must fill the inputs exactly. `label`
// names the model.
Result<void> place(Contract& contract, const std::vector<TensorInfo>& inputs,
                   const std::string& label);

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
