// SPDX-License-Identifier: MIT
#include "safety/ladder_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "safety/nearest.hpp"
#include "safety/violations.hpp"

namespace tactus::safety {
namespace {

using Action = std::vector<float>;

constexpr const char* kRungNames[] = {"none", "pass", "scale", "project",
                                      "stop"};
struct Rung {
  uint32_t bit;
  const char* name;
};
// Between pass and stop, in the ladder's order.
constexpr Rung kBetween[] = {{kRungScale, "scale"}, {kRungProject, "project"}};

Action values(const float* from, uint32_t count) {
  return {from, from + count};
}

RowStory story_of(const Image& image, uint32_t r, const RowFigure& figure) {
  const Row& row = image.row[r];
  return {.id = row.id,
          .where = place_of(image, r, figure.link),
          .margin = double{figure.margin},
          .amount = double{figure.margin} * row.scale,
          .unit = unit_of(image, row),
          .hard = row.kind == RowKind::kHard};
}

std::string in_words(const RowStory& row) {
  const bool end = !(std::fabs(row.margin) < 1);
  return fmt::format("row {} is violated by {}{:g}{}{}{}", row.id,
                     end ? "at least " : "", -row.amount,
                     row.unit.empty() ? "" : " ", row.unit,
                     row.where.empty() ? "" : " at " + row.where);
}

// Why an action that was judged alone does not pass.
std::string refusal(const Image& image, const ShieldOutput& out) {
  if (!was_judged(out.worst_row, out.violated))
    return reason_names(out.reasons);
  if (out.worst_row < image.rows && out.row[out.worst_row].margin < 0)
    return in_words(story_of(image, out.worst_row, out.row[out.worst_row]));
  return reason_names(out.reasons);
}

// The ladder with this rung and stop only.
ShieldOutput with_rung(const Checked& c, uint32_t bit) {
  auto image = std::make_unique<Image>(c.image);
  image->ladder.rungs = bit | kRungStop;
  ShieldState state = c.state;
  ShieldOutput out;
  c.kernel.check(*image, state, c.in, out);
  return out;
}

RungStory between(const Checked& c, const Rung& rung, tactus_rung final) {
  const ShieldOutput out = with_rung(c, rung.bit);
  RungStory story;
  story.rung = rung.name;
  if (out.rung != TACTUS_RUNG_STOP) {
    story.taken = out.rung == final;
    story.why = "found an action that passes";
    if (rung.bit == kRungScale)
      story.why += fmt::format(", scale {:.4f}", double{out.scale});
    if (!story.taken) story.why += "; the other rung's was taken";
    return story;
  }
  if ((out.reasons & kReasonResponse) != 0) {
    story.why = "not tried: a row that is violated answers with stop or latch";
    return story;
  }
  const Anchors anchors = anchors_of(c);
  if (anchors.brake.empty()) {
    story.why = reason_names(out.reasons);
    return story;
  }
  const std::string why = refusal(c.image, Alone(c).judge(anchors.brake));
  story.why = why.empty()
                  ? "no candidate within its count of steps passed"
                  : "the next sample of a stop does not pass either: " + why;
  return story;
}

RungStory pass_story(const LadderStory& story) {
  if (story.violated.empty() || !story.violated.front().hard)
    return {"pass", story.rung == TACTUS_RUNG_PASS, "no hard row is violated"};
  return {"pass", false, in_words(story.violated.front())};
}

RungStory stop_story(const LadderStory& story, const ShieldOutput& out) {
  RungStory stop{"stop", story.rung == TACTUS_RUNG_STOP, ""};
  if (!stop.taken)
    stop.why = "not needed";
  else if (out.plan_id == 0)
    stop.why = "no plan was committed: zero velocity is held";
  else
    stop.why = out.stop_unverified
                   ? "the running plan goes on; its re-check failed"
                   : "the running plan goes on and passed its re-check";
  return stop;
}

void tell_rungs(const Checked& c, const ShieldOutput& out, LadderStory& story) {
  if (story.judged) {
    story.rungs.push_back(pass_story(story));
    for (const Rung& rung : kBetween) {
      if ((c.image.ladder.rungs & rung.bit) == 0) continue;
      if (story.rung == TACTUS_RUNG_PASS)
        story.rungs.push_back({rung.name, false, "not needed"});
      else
        story.rungs.push_back(between(c, rung, story.rung));
    }
  } else {
    story.rungs.push_back({"pass", false, "not tried: " + story.reasons});
  }
  story.rungs.push_back(stop_story(story, out));
}

void tell_rows(const Image& image, const ShieldOutput& out,
               LadderStory& story) {
  for (uint32_t r = 0; r < image.rows; ++r)
    if (!(out.row[r].margin >= 0))
      story.violated.push_back(story_of(image, r, out.row[r]));
  std::stable_sort(story.violated.begin(), story.violated.end(),
                   [](const RowStory& a, const RowStory& b) {
                     if (a.hard != b.hard) return a.hard;
                     return a.margin < b.margin;
                   });
  if (out.worst_row < image.rows)
    story.worst = story_of(image, out.worst_row, out.row[out.worst_row]);
}

// As check() blends it.
Action asked_of(const Checked& c) {
  if (c.in.action == nullptr) return {};
  Action u = values(c.in.action, c.image.joints);
  const float part = c.in.life == TACTUS_STATE_ENGAGED ? c.in.blend : 1;
  for (uint32_t j = 0; j < c.image.joints && part != 1; ++j)
    u[j] = c.state.blend_from[j] + part * (u[j] - c.state.blend_from[j]);
  return u;
}

bool all_finite(const Action& u) {
  return std::all_of(u.begin(), u.end(),
                     [](float x) { return std::isfinite(x); });
}

}  // namespace

std::string reason_names(uint32_t reasons) {
  std::string text;
  for (uint32_t bit = 0; bit < 32; ++bit) {
    if ((reasons >> bit & 1u) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(reason_name(1u << bit));
  }
  return text;
}

LadderStory tell(const Checked& c) {
  ShieldState state = c.state;
  ShieldOutput out;
  c.kernel.check(c.image, state, c.in, out);
  LadderStory story;
  story.judged = was_judged(out.worst_row, out.violated);
  story.rung = out.rung;
  story.reasons = reason_names(out.reasons);
  story.asked = asked_of(c);
  story.left = values(out.action, c.image.joints);
  for (uint32_t j = 0; j < c.image.joints; ++j)
    story.joints.emplace_back(c.image.chain.joint_name[j]);
  if (story.judged) tell_rows(c.image, out, story);
  tell_rungs(c, out, story);
  if (!story.judged)
    story.nearest.how = "none: the rows were not judged: " + story.reasons;
  else if (!all_finite(story.asked))
    story.nearest.how = "none: the action asked for is not finite";
  else
    story.nearest = find_nearest(c, story.asked, story.left);
  return story;
}

namespace {

json::Value row_value(const RowStory& row) {
  return json::Value()
      .add("id", row.id)
      .add("where", row.where)
      .add("margin", row.margin)
      .add("amount", row.amount)
      .add("unit", row.unit)
      .add("kind", row.hard ? "hard" : "soft");
}

json::Value numbers(const Action& u) {
  json::Value::Array list;
  for (const float x : u) list.emplace_back(double{x});
  return list;
}

std::string numbers_text(const Action& u) {
  std::string text;
  for (const float x : u)
    text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", x);
  return text;
}

}  // namespace

json::Value to_value(const LadderStory& s) {
  json::Value::Array violated, rungs, joints;
  for (const RowStory& row : s.violated) violated.push_back(row_value(row));
  for (const RungStory& r : s.rungs)
    rungs.push_back(json::Value()
                        .add("rung", r.rung)
                        .add("taken", r.taken)
                        .add("why", r.why));
  for (const std::string& name : s.joints) joints.emplace_back(name);
  const NearestAction& n = s.nearest;
  return json::Value()
      .add("judged", s.judged)
      .add("rung", kRungNames[static_cast<std::size_t>(s.rung)])
      .add("reasons", s.reasons)
      .add("joints", std::move(joints))
      .add("asked", numbers(s.asked))
      .add("left", numbers(s.left))
      .add("worst", s.worst.id.empty() ? json::Value() : row_value(s.worst))
      .add("violated", std::move(violated))
      .add("rungs", std::move(rungs))
      .add("nearest", json::Value()
                          .add("found", n.found)
                          .add("action", n.found ? numbers(n.u) : json::Value())
                          .add("distance", n.found ? json::Value(n.distance)
                                                   : json::Value())
                          .add("how", n.how)
                          .add("checks", n.checks));
}

std::string to_text(const LadderStory& s) {
  std::string out = "check, computed again:\n";
  out += fmt::format("  asked     {}\n", numbers_text(s.asked));
  for (const RungStory& r : s.rungs)
    out += fmt::format("  {} {:<8}{}\n", r.taken ? ">" : " ", r.rung, r.why);
  for (const RowStory& row : s.violated)
    out += fmt::format("  {:<5}     {}\n", row.hard ? "hard" : "soft",
                       in_words(row));
  if (s.violated.empty() && !s.worst.id.empty())
    out += fmt::format("  nearest limit: row {}, {:g}{}{} left{}\n", s.worst.id,
                       s.worst.amount, s.worst.unit.empty() ? "" : " ",
                       s.worst.unit,
                       s.worst.where.empty() ? "" : " at " + s.worst.where);
  out += fmt::format("  nearest safe action: {}", s.nearest.how);
  if (s.nearest.found)
    out += fmt::format(" ({} checks)\n            {}  (distance {:.6g})",
                       s.nearest.checks, numbers_text(s.nearest.u),
                       s.nearest.distance);
  return out + "\n";
}

}  // namespace tactus::safety
