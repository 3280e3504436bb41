// SPDX-License-Identifier: MIT
#include "peers/ort.hpp"

#include <dlfcn.h>
#include <glob.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>

#include "../tests/unit/policy/onnx_writer.hpp"
#include "peers/peer.hpp"

namespace bench {
namespace {

// Of OrtApi's functions, which never change place (onnxruntime_c_api.h), the
// ones used here. All but the releases return null or a status.
using Function = void (*)();
struct Base {
  const Function* (*api)(uint32_t version);
  const char* (*version)();
};
enum Slot : std::size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kCreateTensorWithData = 49,
  kCreateCpuMemoryInfo = 69,
  kReleaseStatus = 93,
  kReleaseSession = 95,
  kReleaseValue = 96,
};
constexpr int kWarning = 2, kFloat = 1, kArena = 0, kDefault = 0;

struct Runtime {
  const Function* api = nullptr;
  std::string version, missing;
  void *env = nullptr, *options = nullptr, *memory = nullptr;

  // Null if it went well, else the text.
  template <class... A>
  std::string call(Slot slot, A... arguments) const {
    using Exact = void* (*)(A...);
    void* status = reinterpret_cast<Exact>(api[slot])(arguments...);
    if (status == nullptr) return {};
    using Text = const char* (*)(void*);
    std::string text = reinterpret_cast<Text>(api[kGetErrorMessage])(status);
    release(kReleaseStatus, status);
    return text.empty() ? "an error without a text" : text;
  }
  void release(Slot slot, void* what) const {
    reinterpret_cast<void (*)(void*)>(api[slot])(what);
  }
};

// Where bench/venv.sh put it; else why not.
std::string find_library(std::string& missing) {
  std::FILE* venv = ::popen("bench/venv.sh 2>&1", "r");
  char line[512] = {};
  const bool read = venv && std::fgets(line, sizeof line, venv);
  if (!venv || ::pclose(venv) != 0 || !read) {
    missing = read ? line : "bench/venv.sh did not run";
    return {};
  }
  std::string python(line);
  const std::string pattern =
      python.substr(0, python.rfind("/bin/")) +
      "/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*";
  glob_t found = {};
  if (::glob(pattern.c_str(), 0, nullptr, &found) != 0) {
    missing = "no " + pattern;
    return {};
  }
  std::string path = found.gl_pathv[0];
  ::globfree(&found);
  return path;
}

Runtime start() {
  Runtime r;
  const std::string path = find_library(r.missing);
  if (path.empty()) return r;
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = library ? ::dlsym(library, "OrtGetApiBase") : nullptr;
  if (entry == nullptr) {
    r.missing = ::dlerror();
    return r;
  }
  const Base* base = reinterpret_cast<const Base* (*)()>(entry)();
  r.api = base->api(1);
  for (const auto& error :
       {r.call(kCreateEnv, kWarning, "bench", &r.env),
        r.call(kCreateSessionOptions, &r.options),
        r.call(kSetIntraOpNumThreads, r.options, 1),
        r.call(kSetInterOpNumThreads, r.options, 1),
        r.call(kCreateCpuMemoryInfo, kArena, kDefault, &r.memory)})
    if (!error.empty()) r.missing = error;
  r.version = base->version();
  return r;
}

const Runtime& runtime() {
  static const Runtime r = start();
  return r;
}

std::size_t size_of(const std::vector<int64_t>& shape) {
  return static_cast<std::size_t>(std::accumulate(
      shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()));
}

std::string bind(std::vector<Tensor>& tensors, std::vector<const char*>& names,
                 std::vector<void*>& values) {
  for (Tensor& t : tensors) {
    t.data.assign(size_of(t.shape), 0.0F);
    names.push_back(t.name.c_str());
    void* value = nullptr;
    const std::string error =
        runtime().call(kCreateTensorWithData, runtime().memory, t.data.data(),
                       t.data.size() * sizeof(float), t.shape.data(),
                       t.shape.size(), kFloat, &value);
    if (!error.empty()) return error;
    values.push_back(value);
  }
  return {};
}

}  // namespace

const std::string& OrtModel::version() { return runtime().version; }

std::unique_ptr<OrtModel> OrtModel::load(const std::string& path,
                                         std::vector<Tensor> inputs,
                                         std::vector<Tensor> outputs,
                                         std::string& missing) {
  const Runtime& r = runtime();
  missing = r.missing;
  if (!missing.empty()) return nullptr;
  std::unique_ptr<OrtModel> m(new OrtModel);
  missing =
      r.call(kCreateSession, r.env, path.c_str(), r.options, &m->session_);
  if (!missing.empty()) return nullptr;
  m->inputs_ = std::move(inputs);
  m->outputs_ = std::move(outputs);
  missing = bind(m->inputs_, m->names_in_, m->values_in_);
  if (missing.empty())
    missing = bind(m->outputs_, m->names_out_, m->values_out_);
  if (missing.empty() && !m->run()) missing = "ONNX Runtime does not run it";
  return missing.empty() ? std::move(m) : nullptr;
}

OrtModel::~OrtModel() {
  for (const auto* values : {&values_in_, &values_out_})
    for (void* v : *values) runtime().release(kReleaseValue, v);
  if (session_) runtime().release(kReleaseSession, session_);
}

bool OrtModel::run() {
  return runtime()
      .call(kRun, session_, static_cast<void*>(nullptr), names_in_.data(),
            values_in_.data(), values_in_.size(), names_out_.data(),
            names_out_.size(), values_out_.data())
      .empty();
}

namespace {

class OnnxRuntime : public Peer {
 public:
  explicit OnnxRuntime(std::unique_ptr<OrtModel> model)
      : Peer("onnxruntime"), model_(std::move(model)) {}
  void run(const float* x, float* y) override {
    auto& in = model_->inputs()[0].data;
    std::memcpy(in.data(), x, in.size() * sizeof(float));
    (void)model_->run();
    const auto& out = model_->outputs()[0].data;
    std::memcpy(y, out.data(), out.size() * sizeof(float));
  }

 private:
  std::unique_ptr<OrtModel> model_;
};

}  // namespace

Made make_onnxruntime(const Net& net) {
  const tactus::policy::test::TempFolder folder;
  std::string missing;
  auto model = OrtModel::load(folder.write("net.onnx", net.onnx),
                              {{"x", {1, static_cast<int64_t>(net.inputs())}}},
                              {{"y", {1, static_cast<int64_t>(net.outputs())}}},
                              missing);
  if (!model) return {nullptr, missing};
  return {std::make_unique<OnnxRuntime>(std::move(model)), {}};
}

}  // namespace bench
