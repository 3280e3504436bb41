// SPDX-License-Identifier: MIT
// Has a GPU the portable kernel's bits? Random cycles of three images, judged
// here and there (tests/pkg/device_check.cu):
//   device-cycles PTX COUNT
// PTX may be machine code of that GPU, too. Exit 77: no GPU, or one without
// room for the stacks, 431 KB for each of its threads (an H200 had it). Of CUDA
// only its driver is needed, at run time.
#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "../unit/safety/random_cycles.hpp"

namespace {

using namespace rig;

[[noreturn]] void leave(int code, const std::string& why) {
  std::printf("%s\n", why.c_str());
  std::exit(code);
}

// What is called of the driver, under the names of its ABI.
class Driver {
 public:
  using Address = unsigned long long;

  Driver() {
    library_ = dlopen("libcuda.so.1", RTLD_NOW);
    if (library_ == nullptr) leave(77, "no driver of CUDA (libcuda.so.1)");
    if (find<int(unsigned)>("cuInit")(0) != 0) leave(77, "no GPU");
    int count = 0, device = 0;
    run<int(int*)>("cuDeviceGetCount", &count);
    if (count == 0) leave(77, "no GPU");
    run<int(int*, int)>("cuDeviceGet", &device, 0);
    run<int(char*, int, int)>("cuDeviceGetName", name_.data(),
                              static_cast<int>(name_.size()), device);
    void* context = nullptr;
    run<int(void**, int)>("cuDevicePrimaryCtxRetain", &context, device);
    run<int(void*)>("cuCtxSetCurrent", context);
  }
  [[nodiscard]] const char* name() const { return name_.data(); }

  void* function(const std::string& code, const char* entry) {
    void *module = nullptr, *out = nullptr;
    run<int(void**, const void*)>("cuModuleLoadData", &module, code.c_str());
    run<int(void**, void*, const char*)>("cuModuleGetFunction", &out, module,
                                         entry);
    return out;
  }
  Address room(std::size_t bytes) {
    Address out = 0;
    run<int(Address*, std::size_t)>("cuMemAlloc_v2", &out, bytes);
    return out;
  }
  void release(Address at) { run<int(Address)>("cuMemFree_v2", at); }
  void put(Address to, const void* from, std::size_t bytes) {
    run<int(Address, const void*, std::size_t)>("cuMemcpyHtoD_v2", to, from,
                                                bytes);
  }
  void get(void* to, Address from, std::size_t bytes) {
    run<int(void*, Address, std::size_t)>("cuMemcpyDtoH_v2", to, from, bytes);
  }
  void launch(void* function, unsigned blocks, unsigned threads, void** args) {
    run<int(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
            unsigned, void*, void**, void**)>("cuLaunchKernel", function,
                                              blocks, 1U, 1U, threads, 1U, 1U,
                                              0U, nullptr, args, nullptr);
    run<int()>("cuCtxSynchronize");
  }

 private:
  template <class F>
  F* find(const char* name) {
    void* at = dlsym(library_, name);
    if (at == nullptr) leave(1, std::string("libcuda.so.1 lacks ") + name);
    return reinterpret_cast<F*>(at);
  }
  template <class F, class... Args>
  void run(const char* name, Args... args) {
    const int failed = find<F>(name)(args...);
    if (failed == 0) return;
    if (failed == kOutOfMemory) leave(77, "too small a GPU for its stacks");
    const char* why = "";
    find<int(int, const char**)>("cuGetErrorName")(failed, &why);
    leave(1, std::string(name) + ": " + why);
  }

  static constexpr int kOutOfMemory = 2;
  void* library_ = nullptr;
  std::array<char, 128> name_{};
};

// An array here and its copy there.
template <class T>
class Mirror {
 public:
  Mirror(Driver& driver, std::size_t count)
      : here(count), driver_(driver), there_(driver.room(bytes())) {}
  ~Mirror() { driver_.release(there_); }
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  void send() { driver_.put(there_, here.data(), bytes()); }
  void fetch() { driver_.get(here.data(), there_, bytes()); }
  [[nodiscard]] Driver::Address at(std::size_t i) const {
    return there_ + i * sizeof(T);
  }

  std::vector<T> here;

 private:
  [[nodiscard]] std::size_t bytes() const { return here.size() * sizeof(T); }
  Driver& driver_;
  Driver::Address there_;
};

// What a cycle's inputs point to.
struct Values {
  float q[7], dq[7], hand[3], target[3], tau[7], u[7];
};

struct Tally {
  std::size_t differ = 0, holds_now = 0;
  std::size_t rung[5] = {};
};

class There {
 public:
  There(Driver& driver, void* check, const Image& image, std::size_t count)
      : instant(driver, count),
        out(driver, count),
        state(driver, count),
        driver_(driver),
        check_(check),
        image_(driver, 1),
        values_(driver, count),
        in_(driver, count) {
    std::memcpy(static_cast<void*>(image_.here.data()), &image, sizeof image);
  }
  void set(std::size_t i, const Cycle& c, const float* tau) {
    Values& v = values_.here[i];
    std::memcpy(v.q, c.q, sizeof v.q);
    std::memcpy(v.dq, c.dq, sizeof v.dq);
    std::memcpy(v.hand, c.hand, sizeof v.hand);
    std::memcpy(v.target, c.target, sizeof v.target);
    std::memcpy(v.tau, tau, sizeof v.tau);
    std::memcpy(v.u, c.u, sizeof v.u);
    const auto there = [&](const float* part) {
      const auto offset = reinterpret_cast<const char*>(part) -
                          reinterpret_cast<const char*>(&v);
      return reinterpret_cast<const float*>(values_.at(i) +
                                            static_cast<std::size_t>(offset));
    };
    ShieldInput& in = in_.here[i] = c.in;
    in.value[kQ] = there(v.q);
    in.value[kDq] = there(v.dq);
    in.value[kHand] = there(v.hand);
    in.value[kTarget] = there(v.target);
    in.value[kTarget + 1] = there(v.tau);
    in.action = there(v.u);
    state.here[i] = c.state;
  }
  void run() {
    image_.send();
    values_.send();
    in_.send();
    state.send();
    instant.send();
    out.send();
    auto count = static_cast<unsigned>(out.here.size());
    Driver::Address at[] = {image_.at(0), in_.at(0), state.at(0), instant.at(0),
                            out.at(0)};
    void* args[] = {&at[0], &at[1], &at[2], &at[3], &at[4], &count};
    constexpr unsigned kThreads = 32;
    driver_.launch(check_, (count + kThreads - 1) / kThreads, kThreads, args);
    instant.fetch();
    out.fetch();
    state.fetch();
  }

  Mirror<ShieldOutput> instant, out;
  Mirror<ShieldState> state;

 private:
  Driver& driver_;
  void* check_;
  Mirror<Image> image_;
  Mirror<Values> values_;
  Mirror<ShieldInput> in_;
};

void compare(const Image& image, There& there, std::size_t count, Tally& sum) {
  const float tau[7] = {1, -2, 8.5F, 0, -0.0F, 1e-41F, 3};
  std::vector<Cycle> here(count);
  Cycles source;
  for (std::size_t i = 0; i < count; ++i) {
    Cycle& c = here[i] = source.next();
    there.set(i, c, tau);
    c.in.value[kTarget + 1] = tau;
  }
  there.run();
  for (std::size_t i = 0; i < count; ++i) {
    Cycle& c = here[i];
    kPortableKernel.check_instant(image, c.state, c.in, c.out);
    bool alike = same(c.out, there.instant.here[i]);
    sum.holds_now += c.out.rung == TACTUS_RUNG_PASS;
    kPortableKernel.check(image, c.state, c.in, c.out);
    const Sent sent{c.out.action, c.in.now_ns + 300'000,
                    c.out.rung != TACTUS_RUNG_STOP};
    kPortableKernel.committed(image, c.state, sent);
    alike = alike && same(c.out, there.out.here[i]) &&
            same_bits(c.state, there.state.here[i]);
    sum.differ += !alike;
    ++sum.rung[c.out.rung];
  }
}

std::string file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) leave(2, std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string code = file(argv[1]);
  const std::size_t count = std::strtoull(argv[2], nullptr, 10);
  Driver driver;
  void* check = driver.function(code, "check_each");
  Tally sum;
  for (const auto& image : {with_expressions(), with_project(), among_many()}) {
    if (image == nullptr) leave(1, "an image could not be made");
    There there(driver, check, *image, count);
    compare(*image, there, count, sum);
  }
  std::printf(
      "%s: %zu cycles, %zu differ; pass %zu, scale %zu, project %zu, stop %zu, "
      "%zu hold now\n",
      driver.name(), 3 * count, sum.differ, sum.rung[TACTUS_RUNG_PASS],
      sum.rung[TACTUS_RUNG_SCALE], sum.rung[TACTUS_RUNG_PROJECT],
      sum.rung[TACTUS_RUNG_STOP], sum.holds_now);
  const bool mixed = sum.rung[TACTUS_RUNG_PASS] > 0 &&
                     sum.rung[TACTUS_RUNG_SCALE] > 0 &&
                     sum.rung[TACTUS_RUNG_PROJECT] > 0 &&
                     sum.rung[TACTUS_RUNG_STOP] > 0 && sum.holds_now > 0;
  return sum.differ == 0 && mixed ? 0 : 1;
}
