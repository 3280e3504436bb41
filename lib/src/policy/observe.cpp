// SPDX-License-Identifier: MIT
#include "policy/observe.hpp"

#include <algorithm>
#include <unordered_set>

#include "policy/image.hpp"
#include "policy/metadata.hpp"

namespace tactus::policy {
namespace {

// One row's inputs into the net's arena.
void put_inputs(const ir::Built& built,
                std::span<const std::span<const float>> inputs, std::size_t row,
                ir::Interpreter& net) {
  for (std::size_t i = 0; i < built.inputs.size(); ++i) {
    const std::size_t size = built.inputs[i].size;
    double* to = net.at(built.graph.inputs[i]);
    if (inputs.empty()) {
      std::fill_n(to, size, 0.0);
    } else {
      std::copy_n(inputs[i].data() + row * size, size, to);
    }
  }
}

// By way of a copy: one state's output may be another's input.
void carry_states(const ir::Built& built, ir::Interpreter& net) {
  const std::size_t own = built.inputs.size(), selected = built.outputs.size();
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < built.states.size(); ++i) {
    const double* from = net.read(built.graph.outputs[selected + i]);
    values.emplace_back(from, from + built.states[i].size);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::ranges::copy(values[i], net.at(built.graph.inputs[own + i]));
  }
}

}  // namespace

Result<OpenedModel> open_model(std::span<const std::byte> image,
                               const std::string& label,
                               std::vector<std::string> outputs) {
  auto loaded = load_image(image, label);
  if (!loaded) return loaded.error();
  auto metadata = read_metadata(loaded->model, label);
  if (!metadata) return metadata.error();
  auto built = ir::build(loaded->model, {std::move(outputs), metadata->states});
  if (!built) return built.error();
  return OpenedModel{std::move(loaded->model), std::move(*built)};
}

void each_row(const ir::Built& built,
              std::span<const std::span<const float>> inputs, std::size_t count,
              const Visit& visit) {
  ir::Interpreter net(built.graph);
  for (std::size_t row = 0; row < count; ++row) {
    put_inputs(built, inputs, row, net);
    net.run();
    if (!visit(net)) return;
    carry_states(built, net);
  }
}

void each_row(const ir::Built& built, const Rows* rows, const Visit& visit) {
  if (rows == nullptr) return each_row(built, {}, 1, visit);
  each_row(built, rows->view().inputs, rows->count, visit);
}

void drop_unread(onnx::Model& model) {
  std::unordered_set<std::string> read;
  for (const auto& o : model.outputs) read.insert(o.name);
  // Nodes are sorted: backwards, each reader comes before what it reads.
  for (std::size_t i = model.nodes.size(); i-- > 0;) {
    const onnx::Node& n = model.nodes[i];
    const bool live = std::ranges::any_of(
        n.outputs, [&](const auto& name) { return read.contains(name); });
    if (live) read.insert(n.inputs.begin(), n.inputs.end());
  }
  std::erase_if(model.nodes, [&](const onnx::Node& n) {
    return std::ranges::none_of(
        n.outputs, [&](const auto& name) { return read.contains(name); });
  });
  std::erase_if(model.initializers,
                [&](const auto& t) { return !read.contains(t->name); });
}

std::size_t drop_golden(onnx::Model& model) {
  const auto metadata = read_metadata(model, "");
  const std::size_t count = metadata ? metadata->golden.action.size() : 0;
  std::erase_if(model.metadata, [](const onnx::Property& p) {
    return p.key == "tactus.golden";
  });
  return count;
}

}  // namespace tactus::policy
