// SPDX-License-Identifier: MIT
#include <map>

#include "policy/backend.hpp"

namespace tactus::policy {

std::span<const Backend> backends() noexcept {
  static constexpr Backend kBackends[] = {
      {"fused", compile_fused},
      {"reference", compile_reference},
      {"onednn", compile_onednn, onednn_module}};
  return kBackends;
}

std::vector<OpCount> count_ops(const ir::Graph& graph) {
  std::map<std::string, std::size_t> counts;
  for (const auto& node : graph.nodes) ++counts[node.op];
  std::vector<OpCount> out;
  for (const auto& [op, count] : counts) out.push_back({op, count});
  return out;
}

}  // namespace tactus::policy
