// SPDX-License-Identifier: MIT
// Clock, lead and grants. What the machine refuses is not a failure; what is
// said about it must be true.
#include <criterion/criterion.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt/lead.hpp"
#include "rt/manual_wake.hpp"
#include "rt/nanosleep_wake.hpp"
#include "rt/thread_setup.hpp"

using namespace tactus::rt;

Test(tsc, without_calibration_it_is_clock_monotonic_and_says_why) {
  TscClock clock;
  cr_assert_not(clock.granted());
  cr_assert_not(clock.reason().empty());
  const int64_t a = monotonic_ns(), t = clock.now(), b = monotonic_ns();
  cr_assert(a <= t && t <= b);
}

Test(tsc, a_grant_that_is_refused_has_a_reason_and_one_given_has_a_rate) {
  TscClock clock;
  clock.calibrate(1'000'000);
  const Grant g = clock.grant();
  cr_assert_eq(g.ok, clock.granted());
  cr_assert_eq(g.ok, g.reason.empty());
  cr_assert_eq(g.ok, clock.hz() > 0 && clock.granted());
}

Test(tsc, time_does_not_run_backwards_between_anchors) {
  TscClock clock;
  clock.calibrate(1'000'000);
  int64_t last = clock.now();
  for (int i = 0; i < 100000; ++i) {
    const int64_t t = clock.now();
    cr_assert_geq(t, last);
    last = t;
  }
}

Test(nanosleep, never_begins_a_cycle_before_its_release) {
  NanosleepWake wake;
  for (int i = 0; i < 5; ++i) {
    const int64_t release = wake.now() + 300'000;
    const Wake w = wake.wait(release, 100'000);
    cr_assert_eq(w.status, TACTUS_OK);
    cr_assert_eq(w.expiry_ns, release - 100'000);
    cr_assert_geq(wake.spin(release), release);
  }
}

Test(nanosleep, a_release_in_the_past_returns_at_once_with_the_true_time) {
  NanosleepWake wake;
  const int64_t release = wake.now() - 1'000'000;
  const Wake w = wake.wait(release, 0);
  cr_assert_gt(w.coarse_ns, release + 900'000);
}

Test(lead, is_the_quantile_of_coarse_wake_minus_expiry) {
  ManualWake wake;
  std::vector<ManualWake::Stall> stalls(5, {0, 40'000});  // the first five
  wake.script(stalls);
  const LeadAsk ask{.quantile = 0.96, .samples = 100};
  const Lead lead = calibrate_lead(wake, ask);
  cr_assert_eq(lead.lead_ns, 40'000);
  wake.script(stalls);
  const LeadAsk lower{.quantile = 0.95, .samples = 100};
  cr_assert_eq(calibrate_lead(wake, lower).lead_ns, 0);
}

Test(lead, is_capped_and_the_cap_is_shown) {
  ManualWake wake;
  wake.script(std::vector<ManualWake::Stall>(200, {0, 500'000}));
  const LeadAsk ask;
  const Lead lead = calibrate_lead(wake, ask);
  cr_assert_eq(lead.lead_ns, 60'000);
  cr_assert_eq(lead.measured_ns, 500'000);
  cr_assert(lead_grant(lead, ask).reason.find("capped") != std::string::npos);
}

Test(lead, of_a_slow_loop_is_found_without_waiting_for_its_periods) {
  ManualWake wake;
  const int64_t begin = wake.now();
  const LeadAsk ask{.period_ns = 1'000'000'000, .samples = 100};
  cr_assert_eq(calibrate_lead(wake, ask).samples, 100U);
  cr_assert_leq(wake.now() - begin, 100'000'000);
}

Test(grants, what_was_set_is_what_is_read_back) {
  const Grants grants = prepare_thread(
      {.cpu = 0, .priority = 3, .lock_memory = false, .stack_bytes = 65536});
  cr_assert_eq(grants.size(), 3U);
  const bool fifo =
      (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_FIFO;
  for (const Grant& g : grants) {
    cr_assert_eq(g.ok, g.granted == g.asked, "%s", g.name.c_str());
    cr_assert_eq(g.ok, g.reason.empty(), "%s", g.name.c_str());
    if (g.name == "fifo") cr_assert_eq(g.ok, fifo);
  }
  release_thread();
  cr_assert_eq(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_OTHER);
}

Test(grants, a_cpu_that_does_not_exist_is_refused_with_a_reason) {
  const Grants g =
      prepare_thread({.cpu = 100000, .lock_memory = false, .stack_bytes = 0});
  cr_assert_eq(g.size(), 1U);
  cr_assert_not(g[0].ok);
  cr_assert_not(g[0].reason.empty());
}

Test(grants, a_missing_required_one_is_unavailable_and_says_why) {
  const Grants grants = {{"fifo", "priority 45", "other", false, "EPERM"},
                         {"tsc", "invariant", "3 GHz", true, ""}};
  const std::string good[] = {"tsc"}, bad[] = {"tsc", "fifo"}, none[] = {"x"};
  cr_assert(static_cast<bool>(check_required(grants, good)));
  const auto r = check_required(grants, bad);
  cr_assert_eq(r.error().code(), tactus::ErrorCode::kUnavailable);
  cr_assert(strstr(r.error().text(), "EPERM") != nullptr);
  cr_assert_eq(check_required(grants, none).error().code(),
               tactus::ErrorCode::kBadInput);
}

Test(grants, every_one_of_the_table_can_be_required) {
  for (const tactus::GrantRow& row : tactus::kGrants) {
    const GrantName name(row);
    const std::string required[] = {row.name};
    const Grants given = {{name, "all", "all", true, ""}};
    const Grants refused = {{name, "all", "none", false, "EPERM: do this"}};
    cr_expect(static_cast<bool>(check_required(given, required)), "%s",
              row.name);
    for (const auto& grants : {refused, Grants{}}) {
      const auto r = check_required(grants, required);
      cr_assert_not(static_cast<bool>(r), "%s", row.name);
      cr_expect_eq(r.error().exit_code(), 3, "%s", r.error().text());
      const char* remedy = grants.empty() ? row.ask : "EPERM: do this";
      cr_expect_not_null(strstr(r.error().text(), remedy), "%s",
                         r.error().text());
    }
  }
}

Test(grants, a_name_that_is_none_lists_those_that_are) {
  const auto r = check_name("mlock");
  cr_assert_not(static_cast<bool>(r));
  cr_assert_eq(r.error().exit_code(), 2);
  for (const tactus::GrantRow& row : tactus::kGrants)
    cr_expect_not_null(strstr(r.error().text(), row.name), "%s", row.name);
  cr_expect_null(strchr(r.error().text(), '\n'));
}

// As a user whom an rtprio limit lets have FIFO, and nothing lets have more:
// made by root here, who then is that user.
Test(thread_setup, releases_without_the_right_to_give) {
  if (::geteuid() != 0) cr_skip_test("needs root to become another user");
  constexpr uid_t kNobody = 65534;
  constexpr int kRefused = 77;
  const pid_t child = ::fork();
  if (child == 0) {
    const Grants grants =
        prepare_thread({.priority = 3, .lock_memory = false, .stack_bytes = 0});
    if (!grants.front().ok) ::_exit(kRefused);
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(kRefused);
    release_thread();
    const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
    ::_exit(policy == SCHED_OTHER ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  cr_assert(WIFEXITED(status));
  if (WEXITSTATUS(status) == kRefused)
    cr_skip_test("SCHED_FIFO is not permitted here");
  cr_assert_eq(WEXITSTATUS(status), 0, "it kept FIFO");
}

Test(grants, qos_is_held_or_says_why_not) {
  const CpuLatency held = CpuLatency::hold();
  cr_assert_eq(held.grant().name, "qos");
  cr_assert_eq(held.grant().ok, held.grant().reason.empty());
}
