// SPDX-License-Identifier: MIT
#include "policy/ir/build.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"
#include "policy/onnx/functions.hpp"

namespace tactus::policy::ir {
namespace {

// Bound the memory that a few hostile bytes can make us allocate: per value,
// and over the whole graph (2^26 doubles are 512 MiB).
constexpr int64_t kMaxComputed = int64_t{1} << 24;
constexpr int64_t kMaxTotal = int64_t{1} << 26;

struct Affix {
  std::string_view in, out;
};
constexpr Affix kSuffixes[] = {{"_in", "_out"}, {"_prev", "_next"}, {"0", "n"}};

const onnx::ValueInfo* find(const std::vector<onnx::ValueInfo>& values,
                            std::string_view name) {
  const auto it = std::ranges::find(values, name, &onnx::ValueInfo::name);
  return it == values.end() ? nullptr : &*it;
}

class Builder {
 public:
  // `surely`: states by declared shapes only.
  Builder(const onnx::Model& model, const BuildOptions& options, bool surely)
      : model_(model), options_(options), surely_(surely) {}

  Result<Built> run();
  // After it failed: a pair that was taken for a state by its names is none.
  [[nodiscard]] bool guessed_wrong() const { return guessed_wrong_; }

 private:
  Result<void> find_states();
  Result<void> named_states();
  void guess_states();
  [[nodiscard]] bool may_be(const onnx::ValueInfo& output,
                            const std::vector<int64_t>& dims) const;
  Result<void> select_outputs();
  void mark_needed();
  Result<void> add_inputs();
  Result<void> add_input(const onnx::ValueInfo& info);
  Result<void> add_nodes();
  Result<void> add_node(const onnx::Node& source);
  Result<void> add_split(const onnx::Node& source, const Node& shape);
  Result<Node> wire(const onnx::Node& source);
  Result<void> infer(const Op& op, Node& node, const onnx::Node& source);
  Result<void> check_sizes(const onnx::Node& source, const Node& node);
  Result<void> finish_outputs();
  [[nodiscard]] bool is_state_output(const std::string& name) const;

  const onnx::Model& model_;
  const BuildOptions& options_;
  const bool surely_;
  Built built_;
  std::vector<std::string> wanted_;  // selected outputs, then the states'
  std::vector<bool> needed_;
  bool guessed_wrong_ = false;
  int64_t total_ = 0;  // elements computed so far
  std::unordered_map<std::string, Id> ids_;
};

Result<void> Builder::named_states() {
  for (const auto& [in, out] : options_.states) {
    const auto* input = find(model_.inputs, in);
    if (!input || !find(model_.outputs, out)) {
      return bad_input(
          "tactus.state names '{}' and '{}', the model has no such input and "
          "output: correct the metadata",
          in, out);
    }
    built_.states.push_back({in, out, input->dims});
  }
  return {};
}

// What an exporter declares of an output may lack its shape, or have names for
// sizes, which are read as 1: what it is shows when it is computed.
bool Builder::may_be(const onnx::ValueInfo& output,
                     const std::vector<int64_t>& dims) const {
  if (surely_) return output.has_shape && output.dims == dims;
  if (!output.has_shape) return true;
  if (output.dims.size() != dims.size()) return false;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (output.dims[i] != dims[i] && output.dims[i] != 1) return false;
  return true;
}

void Builder::guess_states() {
  for (const auto& input : model_.inputs) {
    for (const auto& affix : kSuffixes) {
      const std::string_view name = input.name;
      if (name.size() <= affix.in.size() || !name.ends_with(affix.in)) continue;
      std::string other(name.substr(0, name.size() - affix.in.size()));
      other += affix.out;
      const auto* output = find(model_.outputs, other);
      if (!output || !may_be(*output, input.dims)) continue;
      built_.states.push_back({input.name, other, input.dims});
      break;
    }
  }
}

Result<void> Builder::find_states() {
  if (options_.states.empty()) {
    guess_states();
  } else if (auto ok = named_states(); !ok) {
    return ok;
  }
  for (auto& s : built_.states) {
    s.size =
        static_cast<std::size_t>(std::max<int64_t>(0, onnx::elements(s.shape)));
  }
  return {};
}

bool Builder::is_state_output(const std::string& name) const {
  return std::ranges::find(built_.states, name, &StatePair::output) !=
         built_.states.end();
}

Result<void> Builder::select_outputs() {
  std::string known;
  for (const auto& o : model_.outputs) known += " '" + o.name + "'";
  for (const auto& name : options_.outputs) {
    if (!find(model_.outputs, name)) {
      return bad_input("no output '{}': the model has{}", name, known);
    }
    wanted_.push_back(name);
  }
  if (wanted_.empty() && find(model_.outputs, options_.preferred))
    wanted_.push_back(options_.preferred);
  if (wanted_.empty()) {
    for (const auto& o : model_.outputs) {
      if (!is_state_output(o.name)) wanted_.push_back(o.name);
    }
  }
  if (wanted_.empty()) {
    return bad_input("every output is a recurrent state: export the action");
  }
  for (const auto& name : wanted_) built_.outputs.push_back({name, {}, {}, 0});
  for (const auto& s : built_.states) wanted_.push_back(s.output);
  return {};
}

// Backwards from the wanted outputs; nodes are sorted in a valid file.
void Builder::mark_needed() {
  std::unordered_set<std::string_view> live(wanted_.begin(), wanted_.end());
  needed_.assign(model_.nodes.size(), false);
  for (std::size_t i = model_.nodes.size(); i-- > 0;) {
    const onnx::Node& n = model_.nodes[i];
    const auto is_live = [&](const std::string& o) { return live.contains(o); };
    needed_[i] = std::ranges::any_of(n.outputs, is_live);
    if (needed_[i]) live.insert(n.inputs.begin(), n.inputs.end());
    live.erase(std::string_view());  // an optional one that is left out
  }
}

Result<void> Builder::add_input(const onnx::ValueInfo& info) {
  const int64_t size = onnx::elements(info.dims);
  if (size <= 0 || size > kMaxComputed || info.dims.size() > onnx::kMaxRank ||
      info.dtype == DType::kOther || !info.has_shape) {
    return bad_input(
        "input '{}' has no usable shape or type: export with static shapes "
        "(a symbolic batch is taken as 1)",
        info.name);
  }
  const Id id = built_.graph.add({info.name, info.dtype, info.dims, nullptr});
  if (!ids_.emplace(info.name, id).second) {
    return bad_input("input '{}' is listed twice: export again", info.name);
  }
  built_.graph.inputs.push_back(id);
  return {};
}

Result<void> Builder::add_inputs() {
  for (const auto& info : model_.inputs) {
    const bool state =
        std::ranges::find(built_.states, info.name, &StatePair::input) !=
        built_.states.end();
    if (state) continue;
    if (auto ok = add_input(info); !ok) return ok;
    built_.inputs.push_back(
        {info.name, info.dims, info.dtype,
         static_cast<std::size_t>(onnx::elements(info.dims))});
  }
  for (const auto& s : built_.states) {
    if (auto ok = add_input(*find(model_.inputs, s.input)); !ok) return ok;
  }
  for (const auto& t : model_.initializers) {
    const Id id =
        built_.graph.add({t->name, t->dtype, t->dims, Data(t, &t->data)});
    if (!ids_.emplace(t->name, id).second) {
      return bad_input("initializer '{}' is listed twice: export again",
                       t->name);
    }
  }
  return {};
}

Result<Node> Builder::wire(const onnx::Node& source) {
  Node node{source.op, source.name, {}, {}, {}, {}};
  for (const auto& name : source.inputs) {
    const auto it = ids_.find(name);
    if (name.empty()) {
      node.in.push_back(kNone);
    } else if (it == ids_.end()) {
      return bad_input(
          "{} (node '{}', opset {}): input '{}' is not made before it: export "
          "again",
          source.op, source.name, model_.opset, name);
    } else {
      node.in.push_back(it->second);
    }
  }
  for (const auto& name : source.outputs) {
    node.out.push_back(name.empty() ? kNone
                                    : built_.graph.add({name, {}, {}, {}}));
  }
  return node;
}

Result<void> Builder::check_sizes(const onnx::Node& source, const Node& node) {
  for (const Id id : node.out) {
    if (id == kNone) continue;
    const Value& v = built_.graph.at(id);
    const int64_t size = onnx::elements(v.dims);
    if (size < 0 || v.dims.size() > onnx::kMaxRank || size > kMaxComputed ||
        (total_ += size) > kMaxTotal) {
      return bad_input(
          "{} (node '{}', opset {}): output '{}' is too large: this is not a "
          "policy for one observation",
          source.op, source.name, model_.opset, v.name);
    }
  }
  return {};
}

Error unsupported(const onnx::Node& n, int opset) {
  return bad_input(
      "{}{}{} (node '{}', opset {}): operator not supported: select outputs "
      "that do not need it, or export without it",
      n.domain, n.domain.empty() ? "" : ".", n.op, n.name, opset);
}

Result<void> Builder::infer(const Op& op, Node& node,
                            const onnx::Node& source) {
  Inference at{built_.graph, node, source, model_.opset};
  bool complete = node.in.size() >= op.min_inputs &&
                  node.in.size() <= op.max_inputs && !node.out.empty() &&
                  (node.out[0] != kNone || op.max_outputs > 1);
  for (std::size_t i = 0; complete && i < op.min_inputs; ++i) {
    complete = node.in[i] != kNone;
  }
  if (!complete) {
    return op_error(at, "wrong number of inputs or outputs", "export again");
  }
  if (node.out[0] == kNone) node.out[0] = built_.graph.add({});
  if (auto ok = op.infer(at); !ok) return ok;
  if (node.out.size() > op.max_outputs) {
    return op_error(at, fmt::format("more than {} outputs", op.max_outputs),
                    "export again");
  }
  return check_sizes(source, node);
}

// Split becomes one Slice per output.
Result<void> Builder::add_split(const onnx::Node& source, const Node& split) {
  Node probe = split;
  Inference at{built_.graph, probe, source, model_.opset};
  if (split.in.empty() || split.in[0] == kNone || split.out.empty()) {
    return op_error(at, "wrong number of inputs or outputs", "export again");
  }
  const std::vector<int64_t> dims = built_.graph.at(split.in[0]).dims;
  auto axis = axis_of(at, int_attribute(source, "axis", 0), dims.size());
  auto sizes = integers_of(at, "split", 1);
  if (!axis) return axis.error();
  if (!sizes) return sizes.error();
  const auto parts = static_cast<int64_t>(split.out.size());
  const int64_t each = (dims[*axis] + parts - 1) / parts;
  std::vector<int64_t> counts = sizes->values;
  for (int64_t left = dims[*axis]; !sizes->present && left > 0; left -= each) {
    counts.push_back(std::min(each, left));
  }
  int64_t start = 0;
  for (const int64_t c : counts) {
    start = start < 0 || c < 0 || c > dims[*axis] ? -1 : start + c;
  }
  if (counts.size() != split.out.size() || start != dims[*axis]) {
    return op_error(at, "its parts do not add up", "export again");
  }
  start = 0;
  total_ += built_.graph.at(split.in[0]).size();
  for (std::size_t i = 0; i < counts.size(); start += counts[i++]) {
    if (split.out[i] == kNone) continue;
    Node slice{"Slice", source.name, {split.in[0]}, {split.out[i]}, {}, {}};
    slice.ints.assign(2 * dims.size(), 0);
    std::fill_n(slice.ints.rbegin(), dims.size(), 1);
    slice.ints[*axis] = start;
    std::vector<int64_t> part = dims;
    part[*axis] = counts[i];
    Value& out = built_.graph.at(split.out[i]);
    out.dims = std::move(part);
    out.dtype = built_.graph.at(split.in[0]).dtype;
    if (!fold(built_.graph, slice)) built_.graph.nodes.push_back(slice);
  }
  return {};
}

Result<void> Builder::add_node(const onnx::Node& source) {
  const Op* op = find_op(source.op);
  const bool own_domain = source.domain.empty() || source.domain == "ai.onnx";
  const bool is_split = source.op == "Split";
  if (!own_domain || (!is_split && (!op || !op->infer))) {
    return unsupported(source, model_.opset);
  }
  auto node = wire(source);
  if (!node) return node.error();
  const std::vector<Id> made = node->out;
  if (is_split) {
    if (auto ok = add_split(source, *node); !ok) return ok;
  } else {
    if (auto ok = infer(*op, *node, source); !ok) return ok;
    const bool constant = built_.graph.is_constant(node->out[0]);
    if (!constant && !fold(built_.graph, *node)) {
      built_.graph.nodes.push_back(*node);
    }
  }
  // An output that inference dropped (a Dropout mask) stays unknown.
  for (std::size_t i = 0; i < source.outputs.size(); ++i) {
    if (made[i] == kNone || (!is_split && i >= node->out.size())) continue;
    if (!ids_.emplace(source.outputs[i], made[i]).second) {
      return bad_input("value '{}' is made twice: export again",
                       source.outputs[i]);
    }
  }
  return {};
}

Result<void> Builder::add_nodes() {
  for (std::size_t i = 0; i < model_.nodes.size(); ++i) {
    if (!needed_[i]) continue;
    if (auto ok = add_node(model_.nodes[i]); !ok) return ok;
  }
  return {};
}

Result<void> Builder::finish_outputs() {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const auto it = ids_.find(wanted_[i]);
    if (it == ids_.end()) {
      return bad_input("output '{}' is never computed: export again",
                       wanted_[i]);
    }
    built_.graph.outputs.push_back(it->second);
    const Value& v = built_.graph.at(it->second);
    const auto size = static_cast<std::size_t>(v.size());
    if (i < built_.outputs.size()) {
      built_.outputs[i] = {wanted_[i], v.dims, v.dtype, size};
    } else if (size != built_.states[i - built_.outputs.size()].size) {
      guessed_wrong_ = options_.states.empty();
      return bad_input("state '{}' and its output '{}' differ in size",
                       built_.states[i - built_.outputs.size()].input,
                       wanted_[i]);
    }
  }
  return {};
}

Result<Built> Builder::run() {
  using Step = Result<void> (Builder::*)();
  for (const Step step : {&Builder::find_states, &Builder::select_outputs}) {
    if (auto ok = (this->*step)(); !ok) return ok.error();
  }
  mark_needed();
  for (const Step step :
       {&Builder::add_inputs, &Builder::add_nodes, &Builder::finish_outputs}) {
    if (auto ok = (this->*step)(); !ok) return ok.error();
  }
  return std::move(built_);
}

}  // namespace

Result<Built> build(const onnx::Model& model, const BuildOptions& options) {
  if (!model.functions.empty()) {
    auto plain = onnx::inlined(model);
    if (!plain) return plain.error();
    plain->functions.clear();
    return build(*plain, options);
  }
  Builder builder(model, options, false);
  auto built = builder.run();
  if (built || !builder.guessed_wrong()) return built;
  return Builder(model, options, true).run();
}

}  // namespace tactus::policy::ir
