// SPDX-License-Identifier: MIT
#include "policy/onnx/functions.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "core/error.hpp"

namespace tactus::policy::onnx {
namespace {

// Bound what a file whose functions call each other can make us do.
constexpr std::size_t kMostBytes = std::size_t{1} << 26;
constexpr int kMostDeep = 32;
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
  return std::ranges::find(list, name, [](const auto& a) { return a.name; });
}

// One call: names of the function's values in the model, and what its
// attributes refer to.
class Call {
 public:
  Call(const Function& function, const Node& node, std::size_t number)
      : function_(function),
        node_(node),
        prefix_(fmt::format("{}#{}/", node.op, number)) {
    bind(function.inputs, node.inputs);
    bind(function.outputs, node.outputs);
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
    for (std::size_t i = 0; i < formal.size(); ++i)
      names_.emplace(formal[i], i < given.size() ? given[i] : std::string());
  }
  [[nodiscard]] std::string name_of(const std::string& name) {
    if (name.empty()) return name;
    return names_.emplace(name, prefix_ + name).first->second;
  }
  // False: the call leaves it out, and so does the node.
  bool refer(Attribute& a) const {
    for (const auto* list : {&node_.attributes, &function_.defaults}) {
      const auto found = find_named(*list, a.refers);
      if (found == list->end()) continue;
      std::string name = std::move(a.name);
      a = *found;
      a.name = std::move(name);
      return true;
    }
    return false;
  }

  const Function& function_;
  const Node& node_;
  std::string prefix_;
  std::unordered_map<std::string, std::string> names_;
};

class Inliner {
 public:
  explicit Inliner(const Model& model) : model_(model), made_(model) {
    for (const Function& f : model.functions)
      functions_.emplace(Key{f.domain, f.name, f.overload}, &f);
  }

  Result<Model> run() {
    made_.nodes.clear();
    for (const Node& node : model_.nodes)
      if (auto ok = add(node, 0); !ok) return ok.error();
    return std::move(made_);
  }

 private:
  [[nodiscard]] const Function* called(const Node& node) const {
    if (node.domain.empty() || node.domain == "ai.onnx") return nullptr;
    const auto found =
        functions_.find(Key{node.domain, node.op, node.overload});
    return found == functions_.end() ? nullptr : found->second;
  }
  Result<void> add(const Node& node, int depth) {
    const Function* function = called(node);
    if (function) return add_call(*function, node, depth);
    made_.nodes.push_back(node);
    return {};
  }
  Result<void> add_call(const Function& function, const Node& node, int depth) {
    if (depth == kMostDeep) return refused(node, "functions call each other");
    if (function.opset != model_.opset && function.opset != 0)
      return refused(node, fmt::format("a function of opset {}, not {}",
                                       function.opset, model_.opset));
    Call call(function, node, calls_++);
    for (const Node& inner : function.nodes) {
      const Node made = call.made(inner);
      if ((bytes_ += bytes_of(made)) > kMostBytes)
        return refused(node, "functions make too much of it");
      if (auto ok = add(made, depth + 1); !ok) return ok;
    }
    return {};
  }
  Error refused(const Node& node, std::string_view what) const {
    return bad_input("{}.{} (node '{}', opset {}): {}: export it inlined",
                     node.domain, node.op, node.name, model_.opset, what);
  }

  using Key = std::array<std::string_view, 3>;  // domain, name, overload
  const Model& model_;
  Model made_;
  std::map<Key, const Function*> functions_;
  std::size_t calls_ = 0, bytes_ = 0;
};

}  // namespace

Result<Model> inlined(const Model& model) { return Inliner(model).run(); }

}  // namespace tactus::policy::onnx
