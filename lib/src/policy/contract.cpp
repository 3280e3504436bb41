// SPDX-License-Identifier: MIT
#include "policy/contract.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/plan.hpp"

namespace tactus::policy {
namespace {

struct Said {
  const std::string& model;
  const std::string& where;
};

Error contradiction(const Said& said, const std::string& what,
                    const std::string& here, const std::string& there) {
  return bad_input(
      "{}: {} is '{}', the contract in {} says '{}': make them agree",
      said.where, what, here, said.model, there);
}

Error contradiction(const Said& said, const std::string& what, std::size_t here,
                    std::size_t there) {
  return contradiction(said, what, std::to_string(here), std::to_string(there));
}

bool differ(const std::string& here, const std::string& there) {
  return !here.empty() && here != there;
}

Result<void> check_observation(const Said& said, const Observation& model,
                               const SignalClaim& claim, std::size_t index) {
  const std::string what = fmt::format("observation {}", index);
  if (differ(claim.name, model.name)) {
    return contradiction(said, what, claim.name, model.name);
  }
  const std::string named = fmt::format("observation '{}'", model.name);
  if (differ(claim.unit, model.unit)) {
    return contradiction(said, named + " unit", claim.unit, model.unit);
  }
  if (claim.size && claim.size != model.size) {
    return contradiction(said, named + " size", claim.size, model.size);
  }
  return {};
}

// Within what a period in whole nanoseconds, or a rate printed with four
// digits, may differ.
constexpr double kSameRate = 1e-3;

Result<void> check_rate(const Said& said, double trained, double runs) {
  if (trained == 0 || runs == 0) return {};
  if (std::abs(runs - trained) <= kSameRate * trained) return {};
  return bad_input(
      "{}: the policy runs at {:g} Hz, the contract in {} says {:g} Hz: set "
      "the "
      "loop's period to {:g} ms (every = 1 is all that [policy] output.every "
      "can be), or take a model trained for this rate",
      said.where, runs, said.model, trained, 1e3 / trained);
}

Result<void> check_named(const Said& said, const Contract& model,
                         const ContractClaim& claim) {
  const std::size_t n = claim.observations.size();
  if (n && n != model.observations.size()) {
    return contradiction(said, "number of observations", n,
                         model.observations.size());
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (auto ok = check_observation(said, model.observations[i],
                                    claim.observations[i], i);
        !ok) {
      return ok;
    }
  }
  if (differ(claim.action_kind, model.action.kind)) {
    return contradiction(said, "action kind", claim.action_kind,
                         model.action.kind);
  }
  if (differ(claim.action_unit, model.action.unit)) {
    return contradiction(said, "action unit", claim.action_unit,
                         model.action.unit);
  }
  return check_rate(said, model.action.rate_hz, claim.action_rate_hz);
}

Result<void> check_sizes(const Said& said, const Description& d,
                         const ContractClaim& claim) {
  std::size_t given = 0, wanted = 0;
  bool all_known = !claim.observations.empty();
  for (const auto& o : claim.observations) {
    given += o.size;
    all_known = all_known && o.size != 0;
  }
  // With histories the inputs hold more than one cycle gives.
  for (const auto& o : d.contract.observations) wanted += o.size;
  for (const auto& i : d.inputs) wanted += d.contract.present ? 0 : i.size;
  if (all_known && given != wanted) {
    return bad_input(
        "{}: the observations have {} elements, the inputs of {} {}: correct "
        "the list of signals or take another model",
        said.where, given, said.model, wanted);
  }
  if (claim.action_size && claim.action_size != d.outputs[0].size) {
    return bad_input(
        "{}: the action has {} elements, output '{}' of {} {}: correct the "
        "action or take another model",
        said.where, claim.action_size, d.outputs[0].name, said.model,
        d.outputs[0].size);
  }
  return {};
}

double element(const std::vector<double>& list, std::size_t i,
               double otherwise) {
  if (list.empty()) return otherwise;
  return list[list.size() == 1 ? 0 : i];
}

}  // namespace

Result<void> check_contract(const ModelPlan& plan, const ContractClaim& claim,
                            const std::string& where) {
  const Description& d = plan.describe();
  const Said said{d.label, where};
  if (d.contract.present) {
    if (auto ok = check_named(said, d.contract, claim); !ok) return ok;
  }
  return check_sizes(said, d, claim);
}

void encode(const Observation& item, std::span<const float> in,
            std::span<float> out) noexcept {
  const std::size_t n = std::min({in.size(), out.size(), item.size});
  for (std::size_t i = 0; i < n; ++i) {
    const double signal = static_cast<double>(in[i]);
    double x =
        (signal - element(item.offset, i, 0)) * element(item.scale, i, 1);
    if (!item.clip.empty()) {  // written so that NaN stays NaN
      if (x < item.clip[0]) x = item.clip[0];
      if (x > item.clip[1]) x = item.clip[1];
    }
    out[i] = static_cast<float>(x);
  }
}

void decode(const Action& action, std::span<float> values) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(static_cast<double>(values[i]) *
                                       element(action.scale, i, 1) +
                                   element(action.offset, i, 0));
  }
}

}  // namespace tactus::policy
