// SPDX-License-Identifier: MIT
// From one cycle's signals to the model's inputs: scaled and clipped by the
// contract, and stacked with the samples of the cycles before where it wants
// a history. What it keeps is carried state. make() is set-up and allocates
// everything; the rest is RT-safe, on one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/plan.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

class Observer {
 public:
  Observer() = default;
  // inputs() points into it.
  Observer(Observer&&) noexcept = default;
  Observer& operator=(Observer&&) noexcept = default;

  // `contract` placed (contract.hpp) in the plan's inputs; without
  // observations the signals are the inputs.
  static Observer make(const Description& model, const Contract& contract);

  // Floats that one cycle gives: the observations end to end.
  [[nodiscard]] std::size_t size() const noexcept { return now_.size(); }
  // What observe() made, in the model's order; valid as long as this.
  [[nodiscard]] std::span<const InputView> inputs() const noexcept {
    return inputs_;
  }

  // `signals`: size() floats, as the robot gives them.
  void observe(std::span<const float> signals) noexcept;
  // The policy ran on it: the sample stays. Without this call the next one
  // takes its place, so what is not finite does not stay in the history.
  void advance() noexcept;
  // Nothing was observed yet.
  void reset() noexcept;

  // Zero without a history.
  [[nodiscard]] std::size_t state_size() const noexcept;
  void save(std::byte* to) const noexcept;
  void restore(const std::byte* from) noexcept;

 private:
  struct Item {
    Observation observation;
    std::size_t at = 0;      // in now_
    std::size_t kept = 0;    // in a row of the ring
    std::size_t oldest = 0;  // age that exists at all, less one
  };
  void lay_out(const Item& item) noexcept;
  [[nodiscard]] const float* sample(const Item& item,
                                    std::size_t age) const noexcept;

  std::vector<Item> items_;
  std::vector<float> now_;     // one cycle's, scaled
  std::vector<float> values_;  // the inputs, end to end
  std::vector<InputView> inputs_;
  // Rows of one cycle's observations that have a history. Age 1 is in the row
  // that was written last.
  std::vector<float> ring_;
  std::size_t rows_ = 0;
  std::size_t row_size_ = 0;
  std::uint64_t kept_ = 0;  // samples since the last reset
};

// For `signals`, end to end: by the model's contract, or by the `history` of
// its only input where it has none. Said twice, both must be the same. `where`
// names who says `history` and the signals.
Result<Observer> observer_of(const Description& model,
                             const std::optional<History>& history,
                             const std::vector<SignalClaim>& signals,
                             const std::string& where);

}  // namespace tactus::policy
