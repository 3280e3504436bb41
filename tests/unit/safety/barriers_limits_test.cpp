// SPDX-License-Identifier: MIT
// kind = "cbf" in [limit].
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "limits_rig.hpp"
#include "safety/explain.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

// Line 13, before what it is on.
std::string row(const std::string& text) {
  return with("cell = {", "x = {kind=\"cbf\", " + text + "}\ncell = {");
}

void refuses(const std::string& text, const std::string& line) {
  const std::string said = refusal(row(text));
  cr_assert(said == "a.toml:13:" + line, "said %s", said.c_str());
}

}  // namespace

Test(barriers_limits, find_what_they_are_on) {
  const auto box = compiled(row("on=\"post\", alpha=\"2 1/s\""));
  cr_assert(bool(box), "%s", box ? "" : box.error().text());
  const Barrier* b = (*box)->dynamics.barrier;
  cr_assert(b->of == BarrierOf::kBox && b->index == 1 && b->degree == 1);
  const auto human =
      compiled(row("on=\"human\", alpha=[\"2 1/s\", \"5 1/s\"]"));
  b = (*human)->dynamics.barrier;
  cr_assert(b->of == BarrierOf::kHuman && b->index == 0 && b->degree == 2);
  cr_assert(b->alpha[1] == 5);
  const auto joint = compiled(row("on=\"joint\", alpha=\"2 Hz\""));
  b = (*joint)->dynamics.barrier;
  cr_assert(b->of == BarrierOf::kJoints && b->alpha[0] == 2);
  const std::string text = to_text(explain(**human));
  cr_assert(text.find("hand: h'' + 7 h' + 10 h >= 0") != std::string::npos);
}

Test(barriers_limits, refuse_what_they_could_not_be_on) {
  refuses("on=\"cell\", alpha=\"2 1/s\"",
          "21: limit.x.on: \"cell\": expected a keep = \"out\" or kind = "
          "\"ssm\" row, or \"joint\" with limit.joint position");
  refuses("on=\"post\", alpha=\"0 1/s\"",
          "35: limit.x.alpha: \"0 1/s\": expected a rate above zero");
  refuses("on=\"post\", alpha=[]",
          "35: limit.x.alpha: a list of 0: expected one rate such as \"2 "
          "1/s\", or two for "
          "degree 2");
  refuses("on=\"post\", alpha=\"2 rad/s\"",
          "35: limit.x.alpha: \"2 rad/s\": expected a frequency such as \"1 "
          "kHz\"");
}

Test(barriers_limits, degree_2_needs_the_lag) {
  const auto said =
      refusal(with("lag=\"20 ms\"", "lag=\"0 ms\"",
                   row("on=\"post\", alpha=[\"2 1/s\", \"5 1/s\"]")));
  cr_assert(said ==
                "a.toml:13:35: limit.x.alpha: a list of 2: expected one rate: "
                "robot.lag = "
                "0, so the command is the velocity",
            "%s", said.c_str());
}
