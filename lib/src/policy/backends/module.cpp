// SPDX-License-Identifier: MIT
// Backends in modules of their own (policy/plugin.h), loaded with dlopen so
// that what they drag in (oneDNN: libgomp) stays out of processes that do
// not ask for it. A module is never unloaded: its threads may outlive it.
#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "core/error.hpp"
#include "policy/backend.hpp"
#include "policy/ir/passes.hpp"
#include "policy/plugin.h"

namespace tactus::policy {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string library_folder() {
  Dl_info info{};
  const auto here = reinterpret_cast<const void*>(&compile_onednn);
  if (::dladdr(here, &info) == 0 || !info.dli_fname) return {};
  char path[PATH_MAX];
  return ::realpath(info.dli_fname, path) ? folder_of(path) : std::string();
}

std::vector<std::string> search_path() {
  std::vector<std::string> out;
  if (const char* dir = ::secure_getenv("TACTUS_PLUGIN_DIR")) {
    out.emplace_back(dir);
  }
  if (std::string dir = library_folder(); !dir.empty()) out.push_back(dir);
  char exe[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", exe, sizeof exe);
  if (n > 0) out.push_back(folder_of({exe, static_cast<std::size_t>(n)}));
  out.emplace_back(TACTUS_LIBDIR "/tactus");
  return out;
}

Result<const tactus_plugin*> load(const std::string& name) {
  const std::string file = "libtactus-" + name + ".so";
  std::string tried;
  for (const std::string& dir : search_path()) {
    std::string path = dir;
    path.append("/").append(file);
    tried.append(tried.empty() ? "" : ", ").append(dir);
    if (::access(path.c_str(), R_OK) != 0) continue;
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) return unavailable("backend '{}': {}", name, ::dlerror());
    const auto entry = reinterpret_cast<tactus_plugin_entry>(
        ::dlsym(module, TACTUS_PLUGIN_SYMBOL));
    const tactus_plugin* plugin = entry ? entry() : nullptr;
    if (!plugin || plugin->abi != TACTUS_PLUGIN_ABI ||
        plugin->sz < sizeof(tactus_plugin)) {
      return unavailable(
          "backend '{}': {} is not a module of this version: install the "
          "tactus that it came with",
          name, path);
    }
    return plugin;
  }
  return unavailable(
      "backend '{}': no {} in {}: install it, set TACTUS_PLUGIN_DIR or use "
      "--backend fused",
      name, file, tried);
}

// The graph as the plugin sees it, and the memory behind the pointers.
struct Exported {
  ir::Graph graph;
  std::vector<std::vector<float>> constants;
  std::vector<tactus_plugin_value> values;
  std::vector<tactus_plugin_node> nodes;
  tactus_plugin_graph table{};
};

uint32_t count(std::size_t n) { return static_cast<uint32_t>(n); }

void export_values(Exported& e) {
  e.constants.resize(e.graph.values.size());
  for (std::size_t i = 0; i < e.graph.values.size(); ++i) {
    const ir::Value& v = e.graph.values[i];
    auto& data = e.constants[i];
    if (v.constant) {
      for (const double d : *v.constant) data.push_back(static_cast<float>(d));
    }
    e.values.push_back(
        {v.name.c_str(), v.dims.data(), v.constant ? data.data() : nullptr,
         static_cast<uint64_t>(v.size()), count(v.dims.size()), 0});
  }
}

void export_graph(Exported& e) {
  export_values(e);
  for (const ir::Node& n : e.graph.nodes) {
    e.nodes.push_back({n.op.c_str(), n.name.c_str(), n.in.data(), n.out.data(),
                       n.ints.data(), n.reals.data(), count(n.in.size()),
                       count(n.out.size()), count(n.ints.size()),
                       count(n.reals.size())});
  }
  e.table = {sizeof(tactus_plugin_graph),
             e.values.data(),
             e.nodes.data(),
             e.graph.inputs.data(),
             e.graph.outputs.data(),
             count(e.values.size()),
             count(e.nodes.size()),
             count(e.graph.inputs.size()),
             count(e.graph.outputs.size())};
}

class ModuleExecutor : public Executor {
 public:
  ModuleExecutor(const tactus_plugin& plugin, void* self,
                 const ir::Graph& graph, std::size_t states)
      : plugin_(plugin), self_(self), graph_(graph), states_(states) {
    inputs_.resize(graph.inputs.size());
    outputs_.resize(graph.outputs.size());
  }
  ~ModuleExecutor() override { plugin_.close(self_); }
  ModuleExecutor(const ModuleExecutor&) = delete;
  ModuleExecutor& operator=(const ModuleExecutor&) = delete;

  Status run(const RunFrame& frame) noexcept override {
    const auto* in = reinterpret_cast<const float*>(frame.state_in);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const bool own = i < inputs_.size() - states_;
      inputs_[i] = own ? frame.inputs[i].data : in;
      if (!own) in += graph_.at(graph_.inputs[i]).size();
    }
    auto* out = reinterpret_cast<float*>(frame.state_out);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const bool own = i < outputs_.size() - states_;
      outputs_[i] = own ? frame.outputs[i].data() : out;
      if (!own) out += graph_.at(graph_.outputs[i]).size();
    }
    return plugin_.run(self_, inputs_.data(), outputs_.data()) == 0
               ? Status::kOk
               : Status::kBackend;
  }

 private:
  const tactus_plugin& plugin_;
  void* self_;
  const ir::Graph& graph_;
  std::size_t states_;
  std::vector<const float*> inputs_;
  std::vector<float*> outputs_;
};

class ModulePlan : public Compiled {
 public:
  ModulePlan(const tactus_plugin& plugin, std::unique_ptr<Exported> exported,
             void* self, std::size_t states)
      : plugin_(plugin),
        exported_(std::move(exported)),
        self_(self),
        states_(states) {}
  ~ModulePlan() override { plugin_.release(self_); }
  ModulePlan(const ModulePlan&) = delete;
  ModulePlan& operator=(const ModulePlan&) = delete;

  Result<std::unique_ptr<Executor>> make_executor() const override {
    char error[256] = "";
    void* executor = plugin_.open(self_, error, sizeof error);
    if (!executor) return unavailable("backend '{}': {}", plugin_.name, error);
    return std::unique_ptr<Executor>(std::make_unique<ModuleExecutor>(
        plugin_, executor, exported_->graph, states_));
  }
  bool rt_safe() const noexcept override { return plugin_.rt_safe == 1; }
  std::size_t state_width() const noexcept override { return sizeof(float); }
  std::size_t weight_bytes() const noexcept override {
    return plugin_.weight_bytes(self_);
  }
  std::string kernels() const override {
    return fmt::format("{}/1:f32:{}", plugin_.name, plugin_.version);
  }
  std::vector<OpCount> ops() const override {
    return count_ops(exported_->graph);
  }

 private:
  const tactus_plugin& plugin_;
  std::unique_ptr<Exported> exported_;
  void* self_;
  std::size_t states_;
};

Result<std::unique_ptr<const Compiled>> compile_module(
    const std::string& name, const CompileInput& input) {
  auto plugin = load(name);
  if (!plugin) return plugin.error();
  auto exported = std::make_unique<Exported>();
  exported->graph = input.graph;
  ir::spell_out_norms(exported->graph);
  ir::optimise(exported->graph);
  export_graph(*exported);
  char error[512] = "";
  void* self = (*plugin)->compile(&exported->table, error, sizeof error);
  if (!self) {
    return bad_input("{}: backend '{}': {}: use --backend reference",
                     input.label, name, error);
  }
  return std::unique_ptr<const Compiled>(std::make_unique<ModulePlan>(
      **plugin, std::move(exported), self, input.states));
}

}  // namespace

Result<std::unique_ptr<const Compiled>> compile_onednn(
    const CompileInput& input) {
  return compile_module("onednn", input);
}

Result<std::string> onednn_module() {
  auto plugin = load("onednn");
  if (!plugin) return plugin.error();
  return std::string((*plugin)->version);
}

}  // namespace tactus::policy
