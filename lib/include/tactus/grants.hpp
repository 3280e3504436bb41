// SPDX-License-Identifier: MIT
// What a loop asks of its machine, by name. One table for the file's
// `require = ["fifo"]`, tactus_loop_options::require and tactus::Grant, and
// for what was granted in text, JSON and log header. Constants only; any
// thread.
#ifndef TACTUS_GRANTS_HPP
#define TACTUS_GRANTS_HPP

#include <array>
#include <cstddef>
#include <string_view>

namespace tactus {

enum class Grant {
  memlock,   // all memory locked
  stack,     // the loop's stack touched
  affinity,  // the loop on its own CPU
  fifo,      // the loop in SCHED_FIFO
  qos,       // CPU latency request held: no deep idle state
  tsc,       // time from an invariant counter, else clock_gettime
  lead,      // calibrated early wake-up
  wake,      // the wake source
  clock,     // in lockstep: whose time it is
  stamps,    // the kernel dates datagrams on arrival
  record,    // the log is written through io_uring, else pwrite
  guardian,  // a guardian process in a session of its own
  guardian_memlock,
  guardian_affinity,
  guardian_fifo,
  expressions,  // custom expressions run as machine code, else in the VM
  limits,       // all that the files limit, else the program took some out
  budget,       // this machine checks about as fast as was predicted
};

struct GrantRow {
  Grant grant;
  const char* name;
  // Nothing to do with real time is asked for in lockstep, so a required
  // one does not count there.
  bool real_time;
  const char* ask;  // what makes a loop ask for it
};

// In the order of the enumeration.
inline constexpr std::array<GrantRow, 18> kGrants = {{
    {Grant::memlock, "memlock", true, "run in real time"},
    {Grant::stack, "stack", true, "run in real time"},
    {Grant::affinity, "affinity", true, "set loop.cpu"},
    {Grant::fifo, "fifo", true, "set loop.priority above 0"},
    {Grant::qos, "qos", true, "run in real time"},
    {Grant::tsc, "tsc", true, "run in real time"},
    {Grant::lead, "lead", true, "set loop.lead_max above 0"},
    {Grant::wake, "wake", false, "run the loop"},
    {Grant::clock, "clock", false, "run in lockstep"},
    {Grant::stamps, "stamps", false, "use [io]: your own driver stamps itself"},
    {Grant::record, "record", false, "set record.path"},
    {Grant::guardian, "guardian", false, "give a [guard], and no shadow run"},
    {Grant::guardian_memlock, "guardian_memlock", true,
     "give a [guard], and no shadow run"},
    {Grant::guardian_affinity, "guardian_affinity", true,
     "give a [guard] with cpu, or set loop.cpu"},
    {Grant::guardian_fifo, "guardian_fifo", true,
     "give a [guard] and set loop.priority above 0"},
    {Grant::expressions, "expressions", false,
     "give a limit of kind = \"expr\""},
    {Grant::limits, "limits", false, "give a [limit]"},
    {Grant::budget, "budget", true, "run in real time with limits"},
}};

[[nodiscard]] constexpr const char* grant_name(Grant grant) {
  const auto i = static_cast<std::size_t>(grant);
  return i < kGrants.size() ? kGrants[i].name : "";
}

// Null: no grant has that name.
[[nodiscard]] constexpr const GrantRow* find_grant(std::string_view name) {
  for (const GrantRow& row : kGrants) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

namespace detail {
constexpr bool grants_in_order() {
  for (std::size_t i = 0; i < kGrants.size(); ++i) {
    if (static_cast<std::size_t>(kGrants[i].grant) != i) return false;
  }
  return true;
}
static_assert(grants_in_order());
}  // namespace detail

}  // namespace tactus

#endif
