// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <string>

#include "core/log.hpp"
#include "limits_rig.hpp"
#include "safety/explain.hpp"
#include "safety/limits/ir.hpp"
#include "safety/seal.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

struct Refused {
  std::string text;
  std::string line;
};

void check(const Refused& one) {
  const std::string said = refusal(one.text);
  cr_assert(said == one.line, "\n  said     %s\n  expected %s", said.c_str(),
            one.line.c_str());
}

// "a.toml:<line>:<column>: " of the first `what` in the good file.
std::string at(const std::string& what) {
  const auto offset = kGood.find(what);
  cr_assert(offset != std::string::npos, "no %s", what.c_str());
  std::size_t line = 1, begin = 0;
  for (std::size_t i = 0; i < offset; ++i)
    if (kGood[i] == '\n') {
      ++line;
      begin = i + 1;
    }
  return "a.toml:" + std::to_string(line) + ":" +
         std::to_string(offset - begin + 1) + ": ";
}

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

}  // namespace

Test(limits, compile_to_a_sealed_image) {
  auto result = compiled(kGood);
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  Image& image = **result;
  cr_assert(intact(image));
  cr_assert(eq(u32, image.rows, 9));
  cr_assert(near(image.action_hi[1], 1) && near(image.action_lo[0], -1));
  cr_assert(near(image.action_rate[0], 12));
  cr_assert(near(image.position_lo[1], -1 + M_PI / 90));
  cr_assert(near(image.position_hi[0], 2 - M_PI / 90));
  cr_assert(near(image.velocity[0], 1.6) && near(image.velocity[1], 0.8));
  cr_assert(eq(u32, image.boxes_in, 1));
  cr_assert(near(image.box[1].lo[0], 0.5));
  cr_assert(near(image.human[0].speed, 1.6));
  cr_assert(eq(u32, image.human[0].signal, 3));
  cr_assert(near(image.linear[0].a[1], -0.5) && near(image.linear[0].b, 0.5));
  cr_assert(eq(u32, image.ladder.rungs, kRungPass | kRungScale | kRungStop));
  cr_assert(eq(i64, image.commit.lag_ns, 20'000'000));
  cr_assert(eq(u32, image.commit.misses, 3));
  cr_assert(eq(u32, image.q_signal, 0));
  cr_assert(eq(u32, image.dq_signal, 1));
}

Test(limits, every_row_is_hard_and_named) {
  auto result = compiled(kGood);
  for (uint32_t r = 0; r < (*result)->rows; ++r) {
    cr_assert(bool((*result)->row[r].kind == RowKind::kHard));
    cr_assert(ne(chr, (*result)->row[r].id[0], '\0'));
  }
}

Test(limits, the_same_text_gives_the_same_hash_and_another_value_another) {
  const auto one = compiled(kGood);
  const auto two = compiled(kGood);
  const auto other = compiled(with("50 mm", "51 mm"));
  cr_assert(bool((*one)->header.hash == (*two)->header.hash));
  cr_assert(bool((*one)->header.hash != (*other)->header.hash));
}

Test(limits, a_file_without_limit_is_an_error) {
  const auto cut = kGood.substr(0, kGood.find("[limit]"));
  check({cut,
         "a.toml:1:1: limit: missing: expected a [limit] table, or limit = "
         "\"none\" written out"});
}

Test(limits, an_empty_limit_table_is_an_error) {
  const auto cut = kGood.substr(0, kGood.find("action =")) +
                   "ladder = [\"pass\", \"stop\"]\n";
  check({cut, at("[limit]") +
                  "limit: no limit in it: expected at least one, or limit = "
                  "\"none\""});
}

Test(limits, none_must_be_written_out_and_is_shown) {
  const auto cut =
      "limit = \"none\"\n" + kGood.substr(0, kGood.find("[limit]"));
  auto result = compiled(cut);
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  cr_assert(eq(u32, (*result)->ladder.limit_none, 1));
  cr_assert(eq(u32, (*result)->rows, 0));
  cr_assert(to_text(explain(**result)).find("nothing is limited") !=
            std::string::npos);
}

Test(limits, refuse_what_would_not_be_enforced) {
  check({with("kind=\"ssm\"", "kind=\"magic\""),
         at("\"ssm\"") +
             "limit.human.kind: \"magic\": expected one of \"ssm\", "
             "\"pfl\", \"self\", \"linear\", \"torque\", \"force\", \"power\", "
             "\"energy\", "
             "\"cbf\", \"expr\", \"callback\""});
  check({with("position=\"urdf - 2 deg\"",
              "position={j1=\"urdf\", j2=\"urdf\", j9=\"urdf\"}"),
         "a.toml:12:45: limit.joint.position.j9: joint \"j9\": expected a "
         "joint of the chain: nothing would enforce this"});
  check({kGood + "[policy]\noutput={kind=\"joint_torque\"}\n",
         "a.toml:19:14: policy.output.kind: \"joint_torque\": expected "
         "\"joint_velocity\": other kinds are not enforced yet"});
  check({with("of=\"u\"", "of=\"tau\""),
         at("\"u\"") +
             "limit.pair.of: \"tau\": expected one of \"u\", \"q\", \"dq\""});
}

Test(limits, acceleration_and_jerk_make_three_rows) {
  auto result = compiled(with("velocity=\"80 % urdf\"",
                              "velocity=\"80 % urdf\", acceleration=[\"15 "
                              "rad/s2\", \"10 rad/s2\"], jerk=\"500 rad/s3\""));
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  Image& image = **result;
  cr_assert(eq(u32, image.rows, 12));
  cr_assert(eq(u32, image.dynamics.trajectory.limited,
               kLimitAcceleration | kLimitJerk));
  cr_assert(near(image.dynamics.trajectory.acceleration[1], 10));
  cr_assert(near(image.dynamics.trajectory.jerk[0], 500));
  const std::string text = to_text(explain(image));
  for (const char* part : {"joint.acceleration", "joint.jerk", "joint.viable"})
    cr_assert(text.find(part) != std::string::npos, "no %s", part);
}

Test(limits, refuse_what_is_no_acceleration_or_jerk) {
  const auto joint = [](const std::string& more) {
    return with("velocity=\"80 % urdf\"", more);
  };
  check({joint("acceleration=\"15 rad/s\""),
         "a.toml:12:48: limit.joint.acceleration: \"15 rad/s\": expected an "
         "angular acceleration such as \"6 rad/s2\""});
  check({joint("jerk=\"0 rad/s3\""),
         "a.toml:12:40: limit.joint.jerk: \"0 rad/s3\": expected a value above "
         "zero"});
  check({joint("acceleration={j1=\"1 rad/s2\"}"),
         "a.toml:12:48: limit.joint.acceleration.j2: missing: expected an "
         "angular acceleration such as \"6 rad/s2\""});
}

Test(limits, linear_rows_of_positions_may_have_any_bound) {
  auto result = compiled(with("of=\"u\", a=[1, -0.5], b=\"0.5 rad/s\"",
                              "of=\"q\", a=[1, -0.5], b=\"-20 deg\""));
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  Image& image = **result;
  cr_assert(image.linear[0].of == LinearOf::kPosition);
  cr_assert(near(image.linear[0].b, -M_PI / 9));
  check({with("of=\"u\"", "of=\"q\""),
         at("\"0.5 rad/s\"") + "limit.pair.b: \"0.5 rad/s\": expected an angle "
                               "such as \"2 deg\""});
  check({with("of=\"u\", a=[1, -0.5], b=\"0.5 rad/s\"",
              "of=\"dq\", a=[1, -0.5], b=\"-1 rad/s\""),
         "a.toml:16:48: limit.pair.b: \"-1 rad/s\": expected 0 or more: zero "
         "velocity, the stop, must satisfy it"});
}

Test(limits, refuse_unknown_keys) {
  check({with("sensor=", "sensr="),
         at("{kind=\"ssm\"") +
             "limit.human.sensor: missing: expected a length such as \"50 "
             "mm\" (is \"sensr\" meant?)"});
  check({with("d_min=", "hard=true, d_min="),
         at("d_min=") +
             "limit.human.hard: unknown key: expected one of keep, kind, of, "
             "d_min, speed, intrusion, sensor, robot, margin, scale, severity, "
             "response, warn, hysteresis"});
}

Test(limits, refuse_wrong_units) {
  check({with("max=\"1 rad/s\"", "max=\"1 m/s\""),
         at("\"1 rad/s\"") +
             "limit.action.max: \"1 m/s\": expected an angular speed such as "
             "\"1 rad/s\", \"urdf\", \"80 % urdf\" or \"urdf - <margin>\", "
             "never wider than the urdf's"});
  check({with("d_min=\"50 mm\"", "d_min=50"),
         at("\"50 mm\"") +
             "limit.human.d_min: 50: expected a length such as \"50 mm\""});
  check({with("rate=\"12 rad/s2\"", "rate=\"12 rad/s\""),
         at("\"12 rad/s2\"") +
             "limit.action.rate: \"12 rad/s\": expected an angular "
             "acceleration such as \"6 rad/s2\""});
}

Test(limits, every_figure_of_a_human_row_is_required) {
  for (const char* key :
       {"of=\"hand\", ", "d_min=\"50 mm\", ", "speed=\"1.6 m/s\", ",
        "intrusion=\"0 m\", ", "sensor=\"15 mm\", ", ", robot=\"5 mm\""}) {
    const std::string said = refusal(with(key, ""));
    cr_assert(said.find(": missing: expected ") != std::string::npos, "%s: %s",
              key, said.c_str());
  }
}

Test(limits, every_figure_of_the_robot_is_required) {
  for (const char* key : {"decel=\"6 rad/s2\", ", "jerk=\"300 rad/s3\", ",
                          "actuator_delay=\"4 ms\", ", "lag=\"20 ms\", ",
                          ", model_error=\"2 mm\""}) {
    const std::string said = refusal(with(key, ""));
    cr_assert(said.find(": missing: expected ") != std::string::npos, "%s: %s",
              key, said.c_str());
  }
}

Test(limits, every_figure_of_the_guard_is_required) {
  for (const char* key : {"commit=\"900 us\", ", "misses=3, ",
                          "bound=\"1 ms\", ", "repeat=\"1 ms\", "}) {
    const std::string said = refusal(with(key, ""));
    cr_assert(said.find(": missing: expected ") != std::string::npos, "%s: %s",
              key, said.c_str());
  }
}

// A deadline after the next release is one that the guardian would never judge.
Test(limits, a_commit_deadline_lies_within_the_period) {
  cr_assert(refusal(with("commit=\"900 us\"", "commit=\"1 ms\"")) ==
            "accepted");
  const std::string said =
      refusal(with("commit=\"900 us\"", "commit=\"1001 us\""));
  cr_assert(said.find("guard.commit: \"1001 us\": expected no more than "
                      "loop.period") != std::string::npos,
            "%s", said.c_str());
}

Test(limits, refuse_contradictions) {
  check({with("-0.8 m .. 0.9 m", "0.9 m .. -0.8 m"),
         at("\"-0.8 m .. 0.9 m\"") +
             "limit.cell.box[0]: \"0.9 m .. -0.8 m\": expected lo below hi"});
  check({with("d_min=\"50 mm\"", "d_min=\"-50 mm\""),
         at("\"50 mm\"") +
             "limit.human.d_min: \"-50 mm\": expected a length above zero"});
  check({with("urdf - 2 deg", "urdf - 180 deg"),
         at("\"urdf - 2 deg\"") +
             "limit.joint.position: \"urdf - 180 deg\": expected a range that "
             "is not empty"});
  check({with("b=\"0.5 rad/s\"", "b=\"-0.5 rad/s\""),
         at("\"0.5 rad/s\"") +
             "limit.pair.b: \"-0.5 rad/s\": expected 0 or more: zero "
             "velocity, the stop, must satisfy it"});
  check({with("ladder",
              "other = {keep=\"in\", box=[\"2 m .. 3 m\", \"0 m .. "
              "1 m\", \"0 m .. 1 m\"]}\nladder"),
         "a.toml:17:9: limit.other: no room: expected keep-in boxes that "
         "overlap: all of them bind"});
  check({with("[\"0.5 m .. 0.6 m\", \"0.5 m .. 0.6 m\", \"0 m .. 1 m\"]",
              "[\"-1 m .. 1 m\", \"-1 m .. 1 m\", \"-2 m .. 2 m\"]"),
         at("{keep=\"out\"") +
             "limit.post: no room: expected a keep-out box that leaves some "
             "of the keep-in box"});
}

Test(limits, refuse_more_than_the_urdf_allows) {
  check({with("velocity=\"80 % urdf\"", "velocity=\"1.5 rad/s\""),
         at("\"80 % urdf\"") +
             "limit.joint.velocity: \"1.5 rad/s\": expected at most the "
             "urdf's 1 rad/s"});
  check({with("position=\"urdf - 2 deg\"", "position=\"-3 rad .. 1 rad\""),
         at("\"urdf - 2 deg\"") +
             "limit.joint.position: \"-3 rad .. 1 rad\": expected a range "
             "within the urdf's -2 .. 2 rad"});
}

Test(limits, take_one_value_per_joint_or_by_name) {
  auto by_list =
      compiled(with("max=\"1 rad/s\"", "max=[\"1 rad/s\", \"0.5 rad/s\"]"));
  cr_assert(near((*by_list)->action_hi[1], 0.5));
  auto by_name = compiled(
      with("max=\"1 rad/s\"", "max={j2=\"0.5 rad/s\", j1=\"1 rad/s\"}"));
  cr_assert(near((*by_name)->action_hi[1], 0.5));
  check({with("max=\"1 rad/s\"", "max={j2=\"0.5 rad/s\"}"),
         at("\"1 rad/s\"") +
             "limit.action.max.j1: missing: expected an angular speed such "
             "as \"1 rad/s\", \"urdf\", \"80 % urdf\" or \"urdf - <margin>\", "
             "never wider than the urdf's"});
}

Test(limits, a_ladder_goes_from_pass_to_stop) {
  for (const char* wrong :
       {"[\"pass\"]", "[\"stop\"]", "[]", "[\"scale\", \"stop\"]",
        "[\"stop\", \"pass\"]", "[\"pass\", \"pass\", \"stop\"]", "\"stop\"",
        "[\"pass\", \"skale\", \"stop\"]",
        "[\"pass\", \"project\", \"scale\", \"stop\"]",
        "[\"pass\", \"scale\", \"project\"]", "[\"project\", \"stop\"]",
        "[\"pass\", \"project\", \"project\", \"stop\"]"}) {
    const auto said = refusal(with("[\"pass\", \"scale\", \"stop\"]", wrong));
    cr_assert(said.starts_with("a.toml:17:"), "%s: %s", wrong, said.c_str());
    cr_assert(said.find("limit.ladder") != std::string::npos);
  }
  cr_assert(not(bool(compiled(without_line("ladder")))));
}

Test(limits, a_ladder_may_project) {
  const auto rungs = [](const char* ladder) {
    auto image = compiled(with("[\"pass\", \"scale\", \"stop\"]", ladder));
    cr_assert(bool(image), "%s", image ? "" : image.error().text());
    const auto words = explain(**image).ladder;
    cr_assert(eq(sz, words.size(),
                 size_t(__builtin_popcount((*image)->ladder.rungs))));
    cr_assert(words[words.size() - 2] == "project");
    return (*image)->ladder.rungs;
  };
  cr_assert(eq(u32, rungs("[\"pass\", \"scale\", \"project\", \"stop\"]"),
               kRungPass | kRungScale | kRungProject | kRungStop));
  cr_assert(eq(u32, rungs("[\"pass\", \"project\", \"stop\"]"),
               kRungPass | kRungProject | kRungStop));
}

Test(limits, guard_none_needs_the_robots_own_time_out) {
  const auto bare = with(
      "{commit=\"900 us\", misses=3, bound=\"1 ms\", repeat=\"1 ms\", "
      "then=\"hold\"}",
      "\"none\"");
  check({bare, at("{urdf") + "robot.timeout: missing: expected the robot's own "
                             "time-out, because guard = \"none\""});
  auto result = compiled(with("lag=", "timeout=\"100 ms\", lag=", bare));
  cr_assert(bool(result), "%s", result ? "" : result.error().text());
  cr_assert(eq(u32, (*result)->commit.misses, 0));
  cr_assert(eq(i64, (*result)->commit.robot_timeout_ns, 100'000'000));
}

Test(signals, keep_the_order_of_the_file_and_the_urdf_range) {
  auto result = compiled(kGood);
  Image& image = **result;
  cr_assert(eq(u32, image.signals, 4));
  cr_assert(eq(str, std::string(image.signal[2].name), "target"));
  cr_assert(eq(flt, image.signal[0].lo[1], -1.0f));
  cr_assert(eq(flt, image.signal[1].hi[0], 2.0f));
  cr_assert(image.signal[3].stale == StaleRule::kGrow);
  cr_assert(eq(u32, image.signal[3].count, 3));
  cr_assert(near(image.signal[3].radius, 0.08));
}

Test(signals, refuse_what_cannot_be_judged) {
  check({with("stale=\"grow\"", "stale=\"ignore\""),
         at("\"grow\"") +
             "signal.hand.stale: \"ignore\": expected one of \"stop\", "
             "\"grow\", \"fallback\""});
  check({with(", lost=\"stop\"", ""),
         at("{from=\"io\", kind") +
             "signal.hand.lost: missing: expected one of \"stop\""});
  check({with("unit=\"rad\", range", "unit=\"deg\", range"),
         at("\"rad\", range") +
             "signal.q.unit: \"deg\": expected the SI unit \"rad\": values "
             "are not converted"});
  check({with("shape=2, unit=\"rad\"", "shape=3, unit=\"rad\""),
         at("\"urdf\", max_age") +
             "signal.q.range: \"urdf\": expected shape = 2, one value for "
             "each joint, for a range of \"urdf\""});
  check({with("shape=3, unit=\"m\", max_age=\"500 ms\"",
              "shape=3, unit=\"m\", max_age=\"0 ms\""),
         at("\"500 ms\"") +
             "signal.target.max_age: \"0 ms\": expected a duration above "
             "zero"});
  check({with("radius=\"80 mm\", ", ""),
         at("{from=\"io\", kind") +
             "signal.hand.radius: missing: expected a length such as \"50 "
             "mm\""});
}

Test(signals, the_joints_signals_must_be_there) {
  check({without_line("dq = "),
         at("[signal]") +
             "signal.dq: missing: expected the joints' signal: {from, "
             "shape=2, unit=\"rad/s\", max_age, stale=\"stop\"}"});
  check({with("max_age=\"3 ms\", stale=\"stop\"",
              "max_age=\"3 ms\", stale=\"fallback\", fallback=[0, 0]"),
         "a.toml:6:74: signal.q.stale: \"fallback\": expected \"stop\": the "
         "commit "
         "rule cannot do without it"});
}

Test(limits, a_human_row_needs_a_sphere_signal) {
  check({with("of=\"hand\"", "of=\"target\""),
         at("\"hand\"") +
             "limit.human.of: \"target\": expected a [signal] of kind = "
             "\"sphere\""});
}

Test(limits, a_robot_without_moving_geometry_cannot_keep_a_distance) {
  std::string bare = kUrdf;
  for (std::size_t i; (i = bare.find("<collision>")) != std::string::npos;)
    bare.erase(i, bare.find("</collision>") + 12 - i);
  const auto said = refusal(kGood, bare);
  cr_assert(said.find("nothing would enforce this") != std::string::npos, "%s",
            said.c_str());
}

Test(limits, a_keep_in_box_without_the_base_warns) {
  std::string warned;
  tactus::set_log_callback(
      [](void* self, tactus::LogLevel, std::string_view line) {
        *static_cast<std::string*>(self) = line;
      },
      &warned);
  auto result = compiled(with("-0.8 m .. 0.9 m", "0.1 m .. 0.9 m"));
  tactus::set_log_callback(nullptr, nullptr);
  cr_assert(bool(result));
  cr_assert(eq(str, warned,
               "a.toml:13:24: limit.cell.box: the keep-in box does not hold "
               "the robot's base"));
}

Test(limits, a_budget_is_a_duration_above_zero) {
  const auto with_budget = [](const std::string& value) {
    return with("ladder =", "budget = " + value + "\nladder =");
  };
  cr_assert(bool(compiled(with_budget("\"200 us\""))));
  for (const char* bad : {"\"0 us\"", "\"200 mm\"", "200"}) {
    const auto said = refusal(with_budget(bad));
    cr_assert(said.find("limit.budget") != std::string::npos, "%s: %s", bad,
              said.c_str());
  }
}

Test(limits, a_budget_is_what_read_budget_gives) {
  const auto budget = [](const std::string& text) {
    return tactus::safety::limits::read_budget(
        *tactus::toml::Document::parse(text, "a.toml"));
  };
  cr_assert(eq(i64, budget("limit = {budget = \"200 us\"}"), 200'000));
  cr_assert(eq(i64, budget(kGood), 0));
  cr_assert(eq(i64, budget("limit = \"none\""), 0));
}

Test(explain, names_every_row_constant_and_assumption) {
  auto result = compiled(kGood);
  Explanation e = explain(**result);
  cr_assert(eq(sz, e.rows.size(), 9));
  for (auto& row : e.rows) {
    cr_assert(gt(dbl, row.predicted, 0));
    cr_assert(not(row.consumer.empty()));
  }
  const std::string text = to_text(e);
  for (const char* part :
       {"t_s - release(k)", "commit deadline", "guardian bound",
        "actuator delay", "model error", "hand.speed", "hand.seen", "q.age",
        "two senders", "braking", "human.now"})
    cr_assert(text.find(part) != std::string::npos, "no %s", part);
}

static double constant(const char* name) {
  const Explanation e = explain(**compiled(kGood));
  for (const auto& c : e.constants)
    if (c.name == name) return c.value;
  cr_assert(false, "no constant %s", name);
  return 0;
}

Test(explain, gives_t_s_as_the_shield_counts_it) {
  // T + (3 - 1) T + 0.9 + 1 + 4 ms.
  cr_assert(near(constant("t_s - release(k)"), 8.9));
}

Test(explain, gives_the_heartbeats_limit_as_the_link_judges_it) {
  // T + bound, in ms; tests/unit/guard has the link at its edge.
  cr_assert(near(constant("guardian heartbeat, then rung stop"), 2));
}

Test(limits, a_name_that_is_cut_keeps_its_letters_whole) {
  char name[kName];
  limits::copy_text(std::string(30, 'a') + "\u00F6", name, sizeof name);
  cr_assert(eq(str, std::string(name), std::string(30, 'a')));
}
