// SPDX-License-Identifier: MIT
#include "config/probe.hpp"

#include <sys/mman.h>

#include <thread>

#include "config/file.hpp"
#include "config/granted.hpp"
#include "io/udp.hpp"
#include "policy/backend.hpp"
#include "rt/thread_setup.hpp"
#include "rt/tsc.hpp"

namespace tactus::config {
namespace {

rt::Grant probe_stamps() {
  // Connected to the discard port; nothing is sent to it.
  io::UdpOptions options;
  options.peer = "127.0.0.1:9";
  const auto udp = io::Udp::open(options);
  if (udp) return stamps_grant(**udp);
  return {"stamps", "on arrival", "none", false, udp.error().text()};
}

Feature backend_feature(const policy::Backend& backend) {
  const std::string name = std::string("policy ") + backend.name;
  if (backend.module == nullptr) return {name, "built in"};
  const auto version = backend.module();
  if (!version) return {name, version.error().text(), false};
  return {name, "module " + *version};
}

}  // namespace

rt::Grants probe_grants() {
  rt::Grants grants;
  // On a thread of its own: the caller keeps its scheduling policy.
  std::thread([&grants] {
    grants = rt::prepare_thread(
        {.priority = kDefaultPriority + 1, .stack_bytes = 0});
  }).join();
  ::munlockall();
  grants.push_back(rt::CpuLatency::hold().grant());  // let go at once
  rt::TscClock clock;
  clock.calibrate();
  grants.push_back(clock.grant());
  grants.push_back(probe_stamps());
  grants.push_back(record_grant());
  return grants;
}

std::vector<Feature> features() {
  std::vector<Feature> list;
  for (const policy::Backend& b : policy::backends()) {
    list.push_back(backend_feature(b));
  }
  for (const char* name : {"guard", "io udp tactus/1", "lockstep", "record",
                           "record io_uring", "replay", "report html"}) {
    list.push_back({name, "built in"});
  }
  return list;
}

}  // namespace tactus::config
