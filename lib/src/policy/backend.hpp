// SPDX-License-Identifier: MIT
// What a backend is: it compiles a graph once (Compiled, immutable, shared)
// and makes an Executor per thread, which owns all memory that its run()
// touches. Inputs and outputs are in the graph's order: run's own first,
// then the recurrent states, which are kept outside, as bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/ir/graph.hpp"
#include "policy/plan.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct RunFrame {
  std::span<const InputView> inputs;
  std::span<const OutputView> outputs;
  const std::byte* state_in = nullptr;  // pairs in order, packed
  std::byte* state_out = nullptr;       // written before run returns kOk
  Reuse* reuse = nullptr;               // counted in, unless null
};

class Executor {
 public:
  virtual ~Executor() = default;
  // RT-safe if Compiled::rt_safe. Sizes were checked by Context.
  virtual Status run(const RunFrame& frame) noexcept = 0;
  // Forget partial results: take every input as changed next time.
  virtual void invalidate() noexcept {}
};

class Compiled {
 public:
  virtual ~Compiled() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<Executor>> make_executor()
      const = 0;
  [[nodiscard]] virtual bool rt_safe() const noexcept = 0;
  // Bytes of one state element: 4 (float) or 8 (double).
  [[nodiscard]] virtual std::size_t state_width() const noexcept = 0;
  [[nodiscard]] virtual std::size_t weight_bytes() const noexcept = 0;
  // The kernels that were chosen; equal text means equal bits.
  [[nodiscard]] virtual std::string kernels() const = 0;
  [[nodiscard]] virtual std::vector<OpCount> ops() const = 0;
  // The weights that CompileInput::packed must equal; empty: it packs none.
  [[nodiscard]] virtual std::span<const std::byte> packed() const noexcept {
    return {};
  }
  // Description::bit_exact.
  [[nodiscard]] virtual bool bit_exact() const noexcept { return false; }
  // Of each layer whose slow part is kept: the columns that it is made of.
  [[nodiscard]] virtual std::vector<std::vector<Columns>> cached() const {
    return {};
  }
};

struct CompileInput {
  const ir::Graph& graph;  // as built: a backend runs the passes it wants
  std::size_t states = 0;
  Tier tier = Tier::kF32;
  std::string label;
  KernelChoice choice = KernelChoice::kRule;
  std::string kernels;  // asked for; empty: the backend's own choice
  const Calibration& calibration;
  // What a file says that packed() is by `kernels`; empty: nothing. kBadInput
  // if it is not, kUnavailable if size or kernels are not this build's.
  std::span<const std::byte> packed = {};
  std::vector<Columns> slow = {};  // sorted, apart
};

using Compile =
    Result<std::unique_ptr<const Compiled>> (*)(const CompileInput&);

struct Backend {
  const char* name;
  Compile compile;
  // Version of a module, loaded to see whether it can be; null: built in.
  Result<std::string> (*module)() = nullptr;
};

// fused, reference, onednn: the order in which `verify` tries them.
std::span<const Backend> backends() noexcept;

Result<std::unique_ptr<const Compiled>> compile_fused(const CompileInput&);
Result<std::unique_ptr<const Compiled>> compile_reference(const CompileInput&);
Result<std::unique_ptr<const Compiled>> compile_onednn(const CompileInput&);
Result<std::string> onednn_module();

std::vector<OpCount> count_ops(const ir::Graph& graph);

}  // namespace tactus::policy
