// SPDX-License-Identifier: MIT
#include "policy/onnx/functions.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "core/error.hpp"

namespace tactus::policy::onnx {
namespace {

// Bound what a file whose functions call each other can make us do: nodes
// written out, what they and their calls take, and how deep they go.
constexpr std::size_t kMostNodes = 8192;
constexpr std::size_t kMostBytes = std::size_t{1} << 26;
constexpr std::size_t kCallBytes = 256;
constexpr int kMostDeep = 32;
constexpr std::size_t kMostMarks = 8;
constexpr std::size_t kString = sizeof(std::string);

// What a copy takes, roughly.
std::size_t bytes_of(const Node& node) {
  std::size_t bytes = sizeof node + node.name.size();
  for (const auto* names : {&node.inputs, &node.outputs})
    for (const std::string& name : *names) bytes += kString + name.size();
  for (const Attribute& a : node.attributes) {
    bytes += sizeof a + a.s.size() + 8 * a.ints.size() + 4 * a.floats.size();
    for (const std::string& s : a.strings) bytes += kString + s.size();
  }
  return bytes;
}

template <class List>
auto find_named(const List& list, std::string_view name) {
  return std::ranges::find(
      list, name, [](const auto& a) { return std::string_view(a.name); });
}

// The longest run of '#' in a name.
std::size_t marks_in(std::string_view name) {
  std::size_t most = 0, run = 0;
  for (const char c : name) {
    run = c == '#' ? run + 1 : 0;
    most = std::max(most, run);
  }
  return most;
}

std::size_t marks_in(const std::vector<std::string>& names) {
  std::size_t most = 0;
  for (const std::string& name : names) most = std::max(most, marks_in(name));
  return most;
}
std::size_t marks_in(const std::vector<Node>& nodes) {
  std::size_t most = 0;
  for (const Node& n : nodes)
    most = std::max(
        {most, marks_in(n.op), marks_in(n.inputs), marks_in(n.outputs)});
  return most;
}
std::size_t marks_in(const Model& model) {
  std::size_t most = marks_in(model.nodes);
  for (const ValueInfo& v : model.inputs)
    most = std::max(most, marks_in(v.name));
  for (const auto& t : model.initializers)
    most = std::max(most, marks_in(t->name));
  for (const Function& f : model.functions)
    most = std::max(
        {most, marks_in(f.nodes), marks_in(f.inputs), marks_in(f.outputs)});
  return most;
}

// A function, and what each call of it takes.
struct Known {
  const Function* function;
  std::unordered_set<std::string_view> inputs;
  std::size_t bytes = kCallBytes;

  explicit Known(const Function& f)
      : function(&f), inputs(f.inputs.begin(), f.inputs.end()) {
    for (const Node& node : f.nodes) bytes += bytes_of(node);
  }
  // No name stands for two of its values.
  [[nodiscard]] bool is_plain() const {
    const auto& f = *function;
    std::unordered_set<std::string_view> all = inputs;
    all.insert(f.outputs.begin(), f.outputs.end());
    return all.size() == f.inputs.size() + f.outputs.size() &&
           !all.contains({});
  }
};

// One call: names of the function's values in the model, and what its
// attributes refer to. An input that the call omits is none; an output that it
// omits is made all the same, others in there may read it.
class Call {
 public:
  Call(const Known& known, const Node& node, std::string prefix)
      : known_(known), node_(node), prefix_(std::move(prefix)) {
    bind(known.function->inputs, node.inputs);
    bind(known.function->outputs, node.outputs);
  }

  [[nodiscard]] Node made(const Node& inner) {
    Node node = inner;
    node.name = prefix_ + inner.name;
    node.origin = kNew;
    for (std::string& name : node.inputs) name = name_of(name);
    for (std::string& name : node.outputs) name = name_of(name);
    std::erase_if(node.attributes,
                  [&](Attribute& a) { return !a.refers.empty() && !refer(a); });
    return node;
  }

 private:
  void bind(const std::vector<std::string>& formal,
            const std::vector<std::string>& given) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (!given[i].empty()) names_.emplace(formal[i], given[i]);
  }
  [[nodiscard]] std::string name_of(const std::string& name) const {
    const auto found = names_.find(name);
    if (found != names_.end()) return std::string(found->second);
    if (name.empty() || known_.inputs.contains(name)) return {};
    return prefix_ + name;
  }
  // False: the call leaves it out, and so does the node.
  bool refer(Attribute& a) const {
    for (const auto* list : {&node_.attributes, &known_.function->defaults}) {
      const auto found = find_named(*list, a.refers);
      if (found == list->end()) continue;
      std::string name = std::move(a.name);
      a = *found;
      a.name = std::move(name);
      return true;
    }
    return false;
  }

  const Known& known_;
  const Node& node_;
  std::string prefix_;
  std::unordered_map<std::string_view, std::string_view> names_;
};

class Inliner {
 public:
  explicit Inliner(const Model& model) : model_(model), made_(model) {}

  Result<Model> run() {
    if (auto ok = know(); !ok) return ok.error();
    made_.nodes.clear();
    for (const Node& node : model_.nodes)
      if (auto ok = add(node, 0); !ok) return ok.error();
    return std::move(made_);
  }

 private:
  // Names made here have a run of marks that no other has.
  Result<void> know() {
    const std::size_t marks = marks_in(model_) + 1;
    if (marks > kMostMarks)
      return bad_input("a name with {} '#' in a row: export it inlined",
                       marks - 1);
    mark_ = std::string(marks, '#');
    for (const Function& f : model_.functions) {
      const auto [at, fresh] =
          functions_.emplace(Key{f.domain, f.name, f.overload}, Known(f));
      if (!fresh || !at->second.is_plain())
        return bad_input("function {}.{}: {} is there twice: export it inlined",
                         f.domain, f.name, fresh ? "one of its names" : "it");
    }
    return {};
  }
  [[nodiscard]] const Known* called(const Node& node) const {
    if (is_standard(node)) return nullptr;
    const auto found =
        functions_.find(Key{node.domain, node.op, node.overload});
    return found == functions_.end() ? nullptr : &found->second;
  }
  Result<void> add(const Node& node, int depth) {
    const Known* known = called(node);
    if (known) return add_call(*known, node, depth);
    made_.nodes.push_back(node);
    return {};
  }
  Result<void> add_call(const Known& known, const Node& node, int depth) {
    const Function& function = *known.function;
    if (depth == kMostDeep) return refused(node, "functions call each other");
    if (function.opset != model_.opset && function.opset != 0)
      return refused(node, fmt::format("a function of opset {}, not {}",
                                       function.opset, model_.opset));
    if (node.inputs.size() > function.inputs.size() ||
        node.outputs.size() > function.outputs.size())
      return refused(node, "more inputs or outputs than the function has");
    count_ += function.nodes.size();
    bytes_ += known.bytes;
    if (count_ > kMostNodes || bytes_ > kMostBytes)
      return refused(node, "functions make too much of it");
    Call call(known, node, fmt::format("{}{}{}/", node.op, mark_, calls_++));
    for (const Node& inner : function.nodes)
      if (auto ok = add(call.made(inner), depth + 1); !ok) return ok;
    return {};
  }
  Error refused(const Node& node, std::string_view what) const {
    return bad_input("{}.{} (node '{}', opset {}): {}: export it inlined",
                     node.domain, node.op, node.name, model_.opset, what);
  }

  using Key = std::array<std::string_view, 3>;  // domain, name, overload
  const Model& model_;
  Model made_;
  std::map<Key, Known> functions_;
  std::string mark_;
  std::size_t calls_ = 0, count_ = 0, bytes_ = 0;
};

}  // namespace

Result<Model> inlined(const Model& model) { return Inliner(model).run(); }

}  // namespace tactus::policy::onnx
