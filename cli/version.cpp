// SPDX-License-Identifier: MIT
// rtctl version: what this build has and what this machine grants.
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "commands.hpp"

namespace tactus::cli {
namespace {

struct Isa {
  const char* name;
  bool here;
};

std::vector<Isa> isas() {
#if defined(__x86_64__)
  return {{"avx512f", __builtin_cpu_supports("avx512f") != 0},
          {"avx512vnni", __builtin_cpu_supports("avx512vnni") != 0},
          {"avx512bf16", __builtin_cpu_supports("avx512bf16") != 0},
          {"avx2", __builtin_cpu_supports("avx2") != 0},
          {"fma", __builtin_cpu_supports("fma") != 0}};
#else
  return {};
#endif
}

#ifdef TACTUS_PORTABLE
constexpr const char* kBuild = "portable";
#else
constexpr const char* kBuild = "native dispatch";
#endif

Value::Array built_in() {
  Value::Array list;
  for (const char* name :
       {"policy reference", "policy fused f32", "guard", "io udp tactus/1",
        "lockstep", "record io_uring", "replay", "report html"}) {
    list.emplace_back(name);
  }
  return list;
}

// FIFO is granted by CAP_SYS_NICE or the limit; trying it is the truth.
bool may_fifo() {
  sched_param old{};
  const int policy = sched_getscheduler(0);
  sched_getparam(0, &old);
  sched_param wanted{};
  wanted.sched_priority = 1;
  if (sched_setscheduler(0, SCHED_FIFO, &wanted) != 0) return false;
  return sched_setscheduler(0, policy, &old) == 0;
}

Value granted() {
  rlimit memlock{};
  getrlimit(RLIMIT_MEMLOCK, &memlock);
  return Value()
      .add("fifo", may_fifo())
      .add("memlock_bytes", memlock.rlim_cur == RLIM_INFINITY
                                ? Value(-1)
                                : Value(uint64_t{memlock.rlim_cur}));
}

}  // namespace

int version_command(const Output& out) {
  Value isa = Value::object();
  std::string isa_text;
  for (const Isa& i : isas()) {
    isa.add(i.name, i.here);
    if (i.here) isa_text += std::string(" ") + i.name;
  }
  utsname kernel{};
  uname(&kernel);
  const Value grants = granted();
  out.result(Value()
                 .add("schema", "tactus/version/1")
                 .add("version", TACTUS_VERSION)
                 .add("build", kBuild)
                 .add("compiler", __VERSION__)
                 .add("isa", isa)
                 .add("features", built_in())
                 .add("kernel", std::string(kernel.release))
                 .add("granted", grants),
             fmt::format("rtctl {} ({}, {})\n  isa      {}\n  kernel    {}\n"
                         "  granted   {}\n",
                         TACTUS_VERSION, kBuild, __VERSION__, isa_text,
                         kernel.release, grants.json()));
  return 0;
}

}  // namespace tactus::cli
