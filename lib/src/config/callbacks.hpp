// SPDX-License-Identifier: MIT
// Functions that judge rows of kind = "callback" (tactus.h,
// tactus_margin_fn): found at set-up, by name or in a shared object; called on
// the loop's thread, once for each cycle. Not for replay, which has their
// margins from the log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rt/tsc.hpp"
#include "safety/kernel.hpp"
#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus::config {

struct CallbackFunction {
  std::string name;  // of its row
  tactus_margin_fn fn = nullptr;
  void* self = nullptr;
};

// Whether calls are timed: where the plant owns the time, they take none.
enum class CallTime : uint8_t { kMeasured, kNone };

class Callbacks {
 public:
  struct Ask {
    const safety::Image& image;  // outlives this
    const std::vector<CallbackFunction>& registered;
    std::string file;  // modules are relative to it
    CallTime time = CallTime::kMeasured;
  };
  // Set-up: opens modules, which stay open. A callback without a function, or
  // a function without a callback, is an error; one that the program took out
  // needs none. Null: there is nothing to call.
  static Result<std::unique_ptr<Callbacks>> bind(const Ask& ask);

  // Calls each of them with what the check of `in` will judge, and writes
  // in.callback and in.callback_fate. `state` is as before that check.
  // RT-safe where the functions are.
  void call(const safety::Kernel& kernel, const safety::ShieldState& state,
            safety::ShieldInput& in) noexcept;

 private:
  using Module = std::shared_ptr<void>;

  explicit Callbacks(const safety::Image& image);
  Result<void> find(const safety::Callback& callback, const Ask& ask);
  Result<CallbackFunction> load(const safety::Callback& callback,
                                const std::string& file);
  [[nodiscard]] tactus_margin_view show(const safety::ShieldInput& in);

  const safety::Image& image_;
  std::vector<uint32_t> called_;             // their numbers in the image
  std::vector<CallbackFunction> functions_;  // of each
  std::vector<Module> modules_;
  std::unique_ptr<rt::TscClock> clock_;  // null: calls take no time
  safety::ShieldState scratch_;
  safety::Foreseen foreseen_;
  const char* names_[safety::kMaxSignals];
  uint32_t counts_[safety::kMaxSignals];
};

}  // namespace tactus::config
