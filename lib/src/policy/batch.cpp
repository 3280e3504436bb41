// SPDX-License-Identifier: MIT
#include "policy/batch.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/error.hpp"

namespace tactus::policy {
namespace {

// Long enough that taking the next one costs nothing, short enough that cores
// of unequal speed end together.
constexpr std::size_t kBlockRows = 64;

class Batch {
 public:
  Batch(const BatchRows& rows, const BatchOptions& options)
      : rows_(rows), options_(options) {}

  // One thread's part: blocks until there is none left.
  void work(Context& context, bool tells) {
    const Description& d = context.plan().describe();
    std::vector<InputView> inputs(d.inputs.size());
    std::vector<OutputView> outputs(d.outputs.size());
    for (;;) {
      const std::size_t first =
          next_.fetch_add(kBlockRows, std::memory_order_relaxed);
      if (first >= rows_.rows) return;
      const std::size_t end = std::min(first + kBlockRows, rows_.rows);
      for (std::size_t r = first; r < end; ++r) {
        for (std::size_t i = 0; i < inputs.size(); ++i)
          inputs[i] = {rows_.inputs[i].data() + r * d.inputs[i].size, true};
        for (std::size_t i = 0; i < outputs.size(); ++i)
          outputs[i] = rows_.outputs[i].subspan(r * d.outputs[i].size,
                                                d.outputs[i].size);
        const Status status = context.run(inputs, outputs);
        if (status == Status::kOk || status == Status::kNotFinite) continue;
        failed_.store(r + 1, std::memory_order_relaxed);
        return;
      }
      const std::size_t done =
          done_.fetch_add(end - first, std::memory_order_relaxed);
      if (tells && options_.progress) options_.progress(done + end - first);
    }
  }
  // Row that the backend failed in, plus one; 0: none.
  [[nodiscard]] std::size_t failed() const { return failed_.load(); }

 private:
  const BatchRows& rows_;
  const BatchOptions& options_;
  std::atomic<std::size_t> next_{0}, done_{0}, failed_{0};
};

Result<void> check(const Description& d, const BatchRows& rows) {
  if (!d.states.empty()) {
    return bad_input(
        "{}: recurrent ('{}'): its rows follow each other: run them one by one",
        d.label, d.states.front().input);
  }
  bool fits = rows.inputs.size() == d.inputs.size() &&
              rows.outputs.size() == d.outputs.size();
  for (std::size_t i = 0; fits && i < d.inputs.size(); ++i)
    fits = rows.inputs[i].size() == rows.rows * d.inputs[i].size;
  for (std::size_t i = 0; fits && i < d.outputs.size(); ++i)
    fits = rows.outputs[i].size() == rows.rows * d.outputs[i].size;
  if (fits) return {};
  return bad_input("{}: an array does not hold {} rows of its input or output",
                   d.label, rows.rows);
}

std::size_t threads_for(const ModelPlan& plan, const BatchRows& rows,
                        const BatchOptions& options) {
  if (!plan.rt_safe()) return 1;  // it has threads of its own
  const std::size_t wanted =
      options.threads ? options.threads : std::thread::hardware_concurrency();
  const std::size_t blocks = (rows.rows + kBlockRows - 1) / kBlockRows;
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(blocks, 1));
}

}  // namespace

Result<void> run_batch(const ModelPlan::Ptr& plan, const BatchRows& rows,
                       const BatchOptions& options) {
  if (auto ok = check(plan->describe(), rows); !ok) return ok;
  std::vector<Context> contexts;
  for (std::size_t i = threads_for(*plan, rows, options); i-- > 0;) {
    auto context = Context::make(plan);
    if (!context) return context.error();
    contexts.push_back(std::move(*context));
  }
  Batch batch(rows, options);
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < contexts.size(); ++i)
      others.emplace_back([&, i] { batch.work(contexts[i], false); });
    batch.work(contexts[0], true);
  }
  if (batch.failed() == 0) {
    if (options.progress) options.progress(rows.rows);
    return {};
  }
  return internal_error("{}: row {}: the backend failed",
                        plan->describe().label, batch.failed() - 1);
}

}  // namespace tactus::policy
