// SPDX-License-Identifier: MIT
// rtctl version: what this build has and what this machine grants.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "commands.hpp"
#include "config/granted.hpp"
#include "config/probe.hpp"
#include "rt/isa.hpp"

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

// Which clock and which kernels there are to choose from.
#ifdef TACTUS_PORTABLE
constexpr const char* kBuild = "portable";
#else
constexpr const char* kBuild = "native";
#endif

using Features = std::vector<config::Feature>;

Value here_value(const Features& features) {
  Value::Array list;
  for (const auto& f : features) {
    if (f.here) list.emplace_back(f.name);
  }
  return list;
}

Value missing_value(const Features& features) {
  Value missing = Value::object();
  for (const auto& f : features) {
    if (!f.here) missing.add(f.name, f.detail);
  }
  return missing;
}

std::string features_text(const Features& features) {
  std::string text;
  for (const auto& f : features) {
    if (!f.here) continue;
    text += text.empty() ? "" : ", ";
    text += f.detail == "built in" ? f.name : f.name + " (" + f.detail + ")";
  }
  for (const auto& f : features) {
    if (!f.here) text += "\n  missing   " + f.name + ": " + f.detail;
  }
  return text;
}

Value granted_value(const rt::Grants& grants) {
  rlimit memlock{};
  getrlimit(RLIMIT_MEMLOCK, &memlock);
  Value value = Value::object();
  for (const rt::Grant& g : grants) value.add(g.name.c_str(), g.ok);
  return value.add("memlock_bytes", memlock.rlim_cur == RLIM_INFINITY
                                        ? Value(-1)
                                        : Value(uint64_t{memlock.rlim_cur}));
}

std::string granted_text(const rt::Grants& grants) {
  std::string text;
  for (const rt::Grant& g : grants) {
    text += fmt::format("  {:<9} {:<9} {}\n", text.empty() ? "granted" : "",
                        g.name.c_str(),
                        g.ok ? g.granted : g.granted + ": " + g.reason);
  }
  return text;
}

}  // namespace

int version_command(const Output& out) {
  const auto kernels = rt::choose_isa();
  if (!kernels) return out.error(kernels.error());
  Value isa = Value::object();
  std::string isa_text;
  for (const Isa& i : isas()) {
    isa.add(i.name, i.here);
    if (i.here) isa_text += std::string(" ") + i.name;
  }
  utsname kernel{};
  uname(&kernel);
  const Features features = config::features();
  const rt::Grants grants = config::probe_grants();
  out.result(
      Value()
          .add("schema", "tactus/version/1")
          .add("version", TACTUS_VERSION)
          .add("build", kBuild)
          .add("compiler", __VERSION__)
          .add("isa", isa)
          .add("kernels", rt::isa_name(*kernels))
          .add("features", here_value(features))
          .add("missing", missing_value(features))
          .add("kernel", std::string(kernel.release))
          .add("granted", granted_value(grants))
          .add("refused", config::refused_value(grants)),
      fmt::format(
          "rtctl {} ({}, {})\n  isa      {}; kernels {}\n  kernel    {}\n"
          "  built in  {}\n{}",
          TACTUS_VERSION, kBuild, __VERSION__, isa_text, rt::isa_name(*kernels),
          kernel.release, features_text(features), granted_text(grants)));
  return 0;
}

}  // namespace tactus::cli
