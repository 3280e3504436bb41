// SPDX-License-Identifier: MIT
// What tests/cli/policy_audit.sh runs under rt_audit: one policy called and
// prewarmed as by a loop, with the sleep that the auditor counts by, over
// inputs that change. Prints backend and kernels.
//   policy-calls MODEL BACKEND CALLS [even-if-unsafe]
// MODEL is a file, or @operators: a graph of what no model at hand has.
#include <time.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "operators.hpp"
#include "policy/plan.hpp"

using namespace tactus;

namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.text());
  return error.exit_code();
}

struct Calls {
  policy::Context context;
  std::vector<std::vector<float>> values, results;

  explicit Calls(policy::Context made) : context(std::move(made)) {
    const policy::Description& d = context.plan().describe();
    for (const auto& t : d.inputs) values.emplace_back(t.size);
    for (const auto& t : d.outputs) results.emplace_back(t.size);
  }
  policy::Status run(long calls) {
    std::vector<policy::InputView> inputs;
    for (const auto& v : values) inputs.push_back({v.data()});
    const std::vector<policy::OutputView> outputs(results.begin(),
                                                  results.end());
    policy::Status status = policy::Status::kOk;
    for (long call = 0; call < calls && status == policy::Status::kOk; ++call) {
      // Long ago: counted, but not slept.
      const timespec past{.tv_sec = 1, .tv_nsec = 0};
      (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, nullptr);
      for (auto& v : values)
        for (std::size_t i = 0; i < v.size(); ++i)
          v[i] = 0.01F * static_cast<float>((call + static_cast<long>(i)) % 97);
      context.prewarm();
      status = context.run(inputs, outputs);
      if (call % 64 == 0) context.reset();
    }
    return status;
  }
};

Result<policy::ModelPlan::Ptr> load(const std::string& model,
                                    const policy::Options& options) {
  if (model != "@operators") return policy::ModelPlan::load(model, options);
  const std::string bytes = policy::test::Operators().bytes();
  return policy::ModelPlan::from_image(policy::test::as_image(bytes), model,
                                       options);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: policy-calls MODEL BACKEND CALLS\n");
    return 2;
  }
  policy::Options options;
  options.backend = argv[2];
  auto plan = load(argv[1], options);
  if (!plan) return fail(plan.error());
  if (argc < 5) {
    if (auto ok = policy::require_rt_safe(**plan); !ok) return fail(ok.error());
  }
  auto context = policy::Context::make(*plan);
  if (!context) return fail(context.error());
  std::printf("%s %s\n", (*plan)->describe().backend.c_str(),
              (*plan)->describe().kernels.c_str());
  std::fflush(stdout);
  const policy::Status status =
      Calls(std::move(*context)).run(std::atol(argv[3]));
  return status == policy::Status::kOk ? 0 : 1;
}
