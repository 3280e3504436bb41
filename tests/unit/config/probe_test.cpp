// SPDX-License-Identifier: MIT
#include "config/probe.hpp"

#include <criterion/criterion.h>
#include <sched.h>

#include <fstream>
#include <set>
#include <string>

using namespace tactus::config;

namespace {

std::string locked_line() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmLck:")) return line;
  return "";
}

}  // namespace

Test(probe, says_of_each_grant_whether_or_why_not_and_changes_nothing) {
  const int policy = sched_getscheduler(0);
  const std::string locked = locked_line();
  std::set<std::string> names;
  for (const auto& g : probe_grants()) {
    names.insert(g.name.c_str());
    cr_expect_eq(g.ok, g.reason.empty(), "%s", g.name.c_str());
  }
  const std::set<std::string> wanted = {"memlock", "fifo",   "qos",
                                        "tsc",     "stamps", "record"};
  cr_expect(names == wanted);
  cr_expect_eq(sched_getscheduler(0), policy);
  cr_expect(locked_line() == locked);
}

Test(probe, features_are_there_or_say_what_is_missing) {
  std::set<std::string> here;
  for (const Feature& f : features()) {
    cr_expect_not(f.detail.empty());
    if (f.here) here.insert(f.name);
    if (!f.here) cr_expect(f.detail.find("libtactus-") != std::string::npos);
  }
  cr_expect(here.contains("policy fused"));
  cr_expect(here.contains("policy reference"));
}
