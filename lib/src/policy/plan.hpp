// SPDX-License-Identifier: MIT
// A learned policy, ready to run: ModelPlan is the compiled model (immutable,
// shared between threads), Context is one thread's scratch and recurrent
// state. Loading is set-up code; Context::run and prewarm are RT-safe when
// rt_safe() says so. Not for training, and not for batches: one observation
// in, one action out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/calibration.hpp"
#include "policy/contract.hpp"
#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus::policy {

// What a call in the loop reports; 0 is ok. kNotFinite: the outputs were
// written and one of them is NaN or infinite (the state is not advanced).
enum class Status : int32_t {
  kOk = 0,
  kBadArgument = 1,
  kNotFinite = 2,
  kBackend = 3,
};

// What a stage returns for it.
[[nodiscard]] constexpr tactus_status to_tactus(Status status) noexcept {
  if (status == Status::kOk) return TACTUS_OK;
  return status == Status::kBackend ? TACTUS_FAILED : TACTUS_INVALID;
}

enum class Tier : uint8_t { kF32, kBf16, kInt16, kInt8 };
// Its sums are integers, and what is not rounded takes canonical kernels: the
// same bits on every instruction set.
[[nodiscard]] constexpr bool is_exact(Tier tier) noexcept {
  return tier == Tier::kInt16 || tier == Tier::kInt8;
}
// How kernels are chosen: kRule is the same on every machine with the same
// instruction set, kTimed the fastest measured at load.
enum class KernelChoice : uint8_t { kRule, kTimed };
// kAction: the output that the contract names, where it names one.
enum class OutputChoice : uint8_t { kAll, kAction };
enum class DType : uint8_t {
  kF32,
  kF64,
  kF16,
  kBf16,
  kI64,
  kI32,
  kBool,
  kI8,
  kU8,
  kI16,
  kU16,
  kU32,
  kU64,
  kOther
};

[[nodiscard]] const char* name_of(DType type) noexcept;
[[nodiscard]] const char* name_of(Tier tier) noexcept;  // "int16"

// What changes slower than the loop: an observation of the contract or an
// input by name; where there is no such name, the columns.
struct SlowInput {
  std::string name;
  std::vector<Columns> columns = {};
};

struct Options {
  std::vector<std::string> outputs;  // selected; empty: all but states
  OutputChoice output_choice = OutputChoice::kAll;  // where `outputs` is empty
  std::string backend = "fused";  // fused | reference | onednn
  bool check_golden = true;       // in f32, whatever the tier
  // None: what a .tmodel was made for, else f32. Others than f32: fused only.
  std::optional<Tier> tier;
  // int16 and int8 need one of this model; without ranges a .tmodel's own.
  Calibration calibration;
  KernelChoice kernel_choice = KernelChoice::kRule;
  bool stored_kernels = true;   // a .tmodel's own go before kernel_choice
  std::string kernel_override;  // Description::kernels of a logged plan
  // Fused f32: the part of the first layers that these inputs make is kept
  // while their bytes stay the same. An error where no layer can be split.
  std::vector<SlowInput> slow;
  // Answers that a Context keeps for inputs that come again bit by bit; 0:
  // none. Not for recurrent models.
  std::size_t answers = 0;
};

inline constexpr std::size_t kMostAnswers = 65536;

struct TensorInfo {
  std::string name;
  std::vector<int64_t> shape;  // as in the file, symbolic sizes bound to 1
  DType dtype = DType::kF32;
  std::size_t size = 0;  // elements
};

// A recurrent value: the file's output `output` is the next call's `input`.
struct StatePair {
  std::string input;
  std::string output;
  std::vector<int64_t> shape;
  std::size_t size = 0;    // elements
  std::size_t offset = 0;  // of its first byte in Context::state()
};

struct OpCount {
  std::string op;
  std::size_t count = 0;
};

// Golden vectors come from the trainer or ONNX Runtime, never from Tactus.
struct GoldenResult {
  std::size_t vectors = 0;  // in the file
  std::size_t checked = 0;  // of them compared at load
  std::string by;           // who made them
  double tolerance = 0;     // |difference| allowed, action units
  double worst = 0;         // |difference| seen
};

// What a .tmodel says of itself; of an ONNX file nothing.
struct SectionInfo {
  std::string name;  // "packed"
  std::string isa;   // "avx512"; empty: of all
  uint64_t size = 0;
};
struct Storage {
  std::vector<SectionInfo> sections;  // empty: not a .tmodel
  Tier tier = Tier::kF32;
  std::string calibration;  // its source; empty: none
  uint64_t calibration_rows = 0;
  std::string accuracy;           // JSON of rtctl model quantize
  std::vector<std::string> isas;  // that weights are packed for
  bool used_packed = false;       // what runs is what it has packed
  std::string packed_anew;        // why not
};

struct Description {
  std::string label;  // path, or what the image was called
  uint64_t hash = 0;  // XXH64 of the image (file bytes, external data too)
  std::size_t file_bytes = 0;
  int opset = 0;
  std::string producer;
  std::vector<TensorInfo> inputs;   // without states: what run() takes
  std::vector<TensorInfo> outputs;  // selected: what run() gives
  std::vector<StatePair> states;
  std::vector<OpCount> ops;           // of the file, without Constant
  std::vector<OpCount> compiled_ops;  // after the passes
  std::size_t parameters = 0;         // weights in the file
  std::size_t weight_bytes = 0;       // as packed by the backend
  std::string backend;
  std::string kernels;     // per layer kernel choice; logs embed it
  Tier tier = Tier::kF32;  // asked for; `kernels` has each layer's
  // The same bits on every instruction set: of this build, NaN apart.
  bool bit_exact = false;
  std::vector<Columns> slow;  // of the inputs, that layers were split for
  std::size_t cached_layers = 0;
  std::size_t answers = 0;  // asked for
  Contract contract;
  GoldenResult golden;
  bool self_checked = true;  // nothing from outside vouches for the outputs
  Storage storage;
};

class Compiled;  // policy/backend.hpp
class Executor;

class ModelPlan {
 public:
  using Ptr = std::shared_ptr<const ModelPlan>;

  // Reads an ONNX file (external data only from the model's folder),
  // compiles it and checks its golden vectors. kBadInput names what does not
  // fit, with op, node and remedy; kUnavailable: the backend is not here.
  static Result<Ptr> load(const std::string& path, const Options& options);
  // The same from image(): what a log embeds.
  static Result<Ptr> from_image(std::span<const std::byte> image,
                                const std::string& label,
                                const Options& options);
  ~ModelPlan();
  ModelPlan(const ModelPlan&) = delete;
  ModelPlan& operator=(const ModelPlan&) = delete;

  [[nodiscard]] const Description& describe() const { return description_; }
  // One self-contained blob: the ONNX file, with its external data if any.
  [[nodiscard]] std::span<const std::byte> image() const { return image_; }
  // Whether run() keeps the RT contract (onednn does not: it allocates).
  [[nodiscard]] bool rt_safe() const noexcept;
  [[nodiscard]] const Compiled& compiled() const { return *compiled_; }

 private:
  friend class PlanBuilder;
  ModelPlan();

  Description description_;
  std::vector<std::byte> image_;
  std::unique_ptr<const Compiled> compiled_;
};

// Refuses, by name, a backend that may not run in the loop.
Result<void> require_rt_safe(const ModelPlan& plan);

// One of Description::inputs, size floats. `changed` false promises the same
// bytes as in this Context's previous run (a backend may then reuse partial
// sums; it never has to). Integer and bool inputs are given as floats.
struct InputView {
  const float* data = nullptr;
  bool changed = true;
};

// What a Context's runs did not compute again. Slow: per layer and run.
struct Reuse {
  uint64_t slow_hits = 0, slow_misses = 0;
  uint64_t answer_hits = 0, answer_misses = 0;
};

// One of Description::outputs; `size` must be its number of elements.
using OutputView = std::span<float>;

class Context {
 public:
  // Owns all memory that run() will touch, prefaulted. Keeps the plan alive.
  static Result<Context> make(ModelPlan::Ptr plan);
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();

  // The whole net in one call: inputs and outputs in the order of
  // Description. Advances the recurrent state only when it returns kOk.
  [[nodiscard]] Status run(std::span<const InputView> inputs,
                           std::span<const OutputView> outputs) noexcept;
  // A run over the latest inputs (zeros before the first) that touches the
  // same code and weights, but neither recurrent state nor outputs.
  void prewarm() noexcept;
  // Recurrent state to zero; the next run takes every input as changed.
  void reset() noexcept;

  // The carried recurrent state, to copy out (keyframe) and in (replay).
  // After copying in, pass changed = true once.
  [[nodiscard]] std::span<std::byte> state() noexcept;
  // One pair's value as floats; false if index or size do not fit.
  bool get_state(std::size_t pair, std::span<float> value) const noexcept;
  bool set_state(std::size_t pair, std::span<const float> value) noexcept;

  [[nodiscard]] const ModelPlan& plan() const noexcept { return *plan_; }
  // Of run(), not of prewarm(); on the thread that runs.
  [[nodiscard]] const Reuse& reuse() const noexcept;
  void clear_reuse() noexcept;

 private:
  explicit Context(ModelPlan::Ptr plan);
  Result<void> allocate();
  void allocate_ports(const Description& d);
  Status compute(std::span<const InputView> inputs,
                 std::span<const OutputView> outputs) noexcept;
  bool answer(std::span<const OutputView> outputs) noexcept;
  void keep_answer(std::span<const OutputView> outputs) noexcept;

  struct Memory;  // latest inputs, dry outputs, state and its shadow
  ModelPlan::Ptr plan_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace tactus::policy
