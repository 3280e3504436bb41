// SPDX-License-Identifier: MIT
// kind = "expr" in a limits file: what is refused, where the error points,
// and what comes out.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string>

#include "limits_rig.hpp"
#include "safety/explain.hpp"
#include "safety/seal.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

// The good file with one more row, on line 17.
std::string file(const std::string& row) {
  return with(
      "ladder =", "power = {" + row + "}\nladder =",
      with("max_age=\"500 ms\"", "range=\"-2 m .. 2 m\", max_age=\"500 ms\"",
           with("max_age=\"100 ms\"",
                "range=\"-3 m .. 3 m\", max_age=\"100 ms\"")));
}
std::string expr(const std::string& text,
                 const std::string& rest = "max=\"1 rad/s\"") {
  return file("kind=\"expr\", expr=\"" + text + "\", " + rest);
}

// Column of byte `offset` of an expression that expr() wrote.
std::string at(std::size_t offset) {
  return "a.toml:17:" + std::to_string(29 + offset) + ": limit.power.expr: ";
}
void refuses(const std::string& text, std::size_t offset,
             const std::string& said) {
  const std::string seen = refusal(expr(text));
  const std::string wanted = at(offset) + said;
  cr_assert(seen == wanted, "\n  said     %s\n  expected %s", seen.c_str(),
            wanted.c_str());
}
void accepts(const std::string& text, const std::string& rest) {
  const std::string seen = refusal(expr(text, rest));
  cr_assert(seen == "accepted", "%s: %s", text.c_str(), seen.c_str());
}

}  // namespace

Test(expr_limits, compile_to_programs_by_what_they_name) {
  auto made = compiled(expr("abs(u[0]) + abs(u[1])"));
  cr_assert(bool(made), "%s", made ? "" : made.error().text());
  Image& image = **made;
  cr_assert(intact(image));
  cr_assert(eq(u32, image.expressions.count, 1));
  cr_assert(image.expressions.expression[0].when == ExprWhen::kAction);
  cr_assert(image.expressions.expression[0].max < 1 &&
            image.expressions.expression[0].max > 1 - 1e-12);
  auto moving = compiled(expr("u[0] + dq[1]"));
  cr_assert(bool(moving), "%s", moving ? "" : moving.error().text());
  const Image& other = **moving;
  cr_assert(other.expressions.expression[0].when == ExprWhen::kMotion);
}

Test(expr_limits, names_are_signals_the_command_and_the_period) {
  accepts("(u[0] - last[0]) / dt", "max=\"9 rad/s2\"");
  accepts("norm(target - [0.1, 0.2, 0.3] * '1 m')", "max=\"2 m\"");
  accepts("norm(hand[0] - target)",
          "min=\"10 mm\", moves={hand=\"1.6 m/s\"}, uncertain={hand=\"15 mm\", "
          "target=\"1 mm\"}");
  accepts("hand[0].x + hand.y", "max=\"1 m\", moves={hand=\"1.6 m/s\"}");
  accepts("cos(q[0]) * '0.5 m' + cos(q[0] + q[1]) * '0.3 m'", "max=\"0.9 m\"");
  accepts("dq[0] * '3 Nm' / '1 rad/s'", "max=\"1 Nm\"");
}

// The constant that was folded with an error is not the one that was written.
Test(expr_limits, a_folded_constant_keeps_its_error_beside_an_equal_one) {
  const auto rounding = [](const std::string& before) {
    const auto image = compiled(file(
        "kind=\"expr\", expr=\"u[0] * (1/3)\", max=\"1 rad/s\"}\n" + before +
        "spare = {kind=\"expr\", expr=\"u[1]\", max=\"1 rad/s\""));
    cr_assert(bool(image), "%s", image ? "" : image.error().text());
    for (uint32_t i = 0; i < (*image)->expressions.count; ++i) {
      const Expression& e = (*image)->expressions.expression[i];
      if (std::string(e.text) == "u[0] * (1/3)") return e.rounding;
    }
    return -1.0;
  };
  const std::string same =
      "first = {kind=\"expr\", expr=\"u[0] * "
      "0.3333333333333333\", max=\"1 rad/s\"}\n";
  cr_assert(rounding("") > 0);
  cr_assert(rounding(same) == rounding(""));
}

Test(expr_limits, errors_point_into_the_expression) {
  refuses("u[0] + q[0]", 5,
          "\"rad/s and rad\": expected operands of one dimension");
  refuses("u[0] +", 6, "\"end\": expected a value");
  refuses("u[0] u[1]", 5, "\"u\": expected an operator or the end");
  refuses("u[2]", 1, "\"[\": expected an index from 0 to 1");
  refuses(
      "u", 0,
      "\"u\": expected one value: take norm(…), dot(…) or an element of it");
  refuses("speed[0]", 0, "\"speed\": expected a signal, u, last or dt");
  refuses("targt[0]", 0,
          "\"targt\": expected a signal, u, last or dt (is \"target\" meant?)");
  refuses("power(u[0])", 0,
          "\"power\": expected min, max, abs, sqrt, sin, cos, clamp, dot, norm "
          "or if: a function is one of these");
  refuses("u[0] / dq[0]", 5,
          "\"-6 .. 6\": expected a divisor whose declared range does not hold "
          "zero: max(…) of it and a limit");
  refuses("sqrt(u[0] * u[1])", 0,
          "\"-1 .. 1\": expected a root of what is never negative: max(…, 0) "
          "of it");
  refuses("sqrt(abs(u[0]))", 0,
          "\"rad/s\": expected a root of even powers of units");
  refuses("sin(u[0])", 0, "\"rad/s\": expected an angle, in rad");
  refuses("u[0] * 2 rad", 9, "\"rad\": expected an operator or the end");
  refuses("u[0] + '2 furlong'", 7,
          "\"2 furlong\": expected a number with its unit, such as '0.25 m/s'");
  refuses("dot(u, target)", 0, "\"dot\": expected two vectors of one length");
  refuses("if(u[0], 1, 2)", 7, "\",\": expected <, <=, > or >=");
  refuses("u[0] ? 1", 5, "\"?\": expected an operator or the end");
  refuses("hand.x", 0,
          "\"hand\": expected moves = {hand = \"1.6 m/s\"} beside it: what "
          "stale = \"grow\" declares to move is not where it was seen");
}

// A quote that the file escapes is one letter of the expression.
Test(expr_limits, columns_count_the_letters_of_the_file) {
  const std::string escaped = refusal(expr("'1 m' + \\\"1 m\\\" + 1"));
  cr_assert(escaped.find("a.toml:17:45: ") == 0, "%s", escaped.c_str());
  const std::string literal =
      refusal(file("kind=\"expr\", expr='\"1 m\" + 1', max=\"1 m\""));
  cr_assert(literal.find("a.toml:17:35: ") == 0, "%s", literal.c_str());
}

Test(expr_limits, limits_have_the_dimension_of_the_expression) {
  const auto said = [](const std::string& row) { return refusal(file(row)); };
  std::string seen = said("kind=\"expr\", expr=\"u[0]\", max=\"1 m/s\"");
  cr_assert(
      seen.find("limit.power.max: \"1 m/s\": expected an angular speed") !=
          std::string::npos,
      "%s", seen.c_str());
  seen = said("kind=\"expr\", expr=\"u[0]\"");
  cr_assert(seen.find("limit.power.max: missing: expected max or min") !=
                std::string::npos,
            "%s", seen.c_str());
  seen = said("kind=\"expr\", expr=\"u[0]\", max=\"1 rad/s\", mox=\"1 m\"");
  cr_assert(seen.find("limit.power.mox: unknown key") != std::string::npos,
            "%s", seen.c_str());
  seen = said(
      "kind=\"expr\", expr=\"u[0]\", max=\"1 rad/s\", moves={target=\"1 "
      "m/s\"}");
  cr_assert(
      seen.find("limit.power.moves.target: unknown key") != std::string::npos,
      "%s", seen.c_str());
  seen = said("kind=\"expr\", expr=\"u[0]\", max=1");
  cr_assert(seen.find("limit.power.max: 1: expected an angular speed") !=
                std::string::npos,
            "%s", seen.c_str());
}

Test(expr_limits, a_plain_number_limits_what_has_no_dimension) {
  accepts("cos(q[0])", "max=0.5");
  accepts("cos(q[0])", "max=\"50 %\"");
  auto made = compiled(expr("cos(q[0])", "max=1, min=-0.5"));
  cr_assert(bool(made), "%s", made ? "" : made.error().text());
  const Expression& e = (*made)->expressions.expression[0];
  cr_assert(e.max < 1 && e.max > 1 - 1e-12);
  cr_assert(e.min > -0.5 && e.min < -0.5 + 1e-12);
}

Test(expr_limits, refuse_what_nothing_or_no_stop_satisfies) {
  std::string seen = refusal(expr("abs(u[0]) + '5 rad/s'"));
  cr_assert(
      seen.find("a limit that something satisfies: the expression lies in "
                "5 .. 6") != std::string::npos,
      "%s", seen.c_str());
  seen = refusal(expr("u[0]", "min=\"0.1 rad/s\""));
  cr_assert(seen.find("a limit that zero velocity, the stop, can satisfy") !=
                std::string::npos,
            "%s", seen.c_str());
}

Test(expr_limits, a_range_is_needed_where_rounding_depends_on_it) {
  const std::string seen = refusal(with(
      "ladder =",
      "far = {kind=\"expr\", expr=\"norm(target)\", max=\"1 m\"}\nladder ="));
  cr_assert(seen.find("\"target\": expected range in signal.target: the bound "
                      "on rounding needs it") != std::string::npos,
            "%s", seen.c_str());
}

Test(expr_limits, explain_prints_text_operations_and_bound) {
  const auto made = compiled(expr("abs(u[0]) + abs(u[1])"));
  const std::string text = to_text(explain(**made));
  for (const char* part :
       {"power [expression, hard", "abs(u[0]) + abs(u[1]) <= 1 rad/s",
        "operations on 8 lanes, 1 times; range 0 .. 2 rad/s",
        "derived (expr/tree.hpp): rounding below"})
    cr_assert(text.find(part) != std::string::npos, "no \"%s\" in\n%s", part,
              text.c_str());
}

Test(expr_limits, deep_and_long_texts_are_refused_not_run) {
  std::string deep = std::string(2000, '(') + "1" + std::string(2000, ')');
  cr_assert(refusal(expr(deep)).find("at most 48 levels") != std::string::npos);
  std::string lengthy = "u[0]";
  for (int i = 0; i < 6000; ++i) lengthy += " + u[0] * " + std::to_string(i);
  cr_assert(refusal(expr(lengthy)).find("expected at most 4096 parts") !=
            std::string::npos);
}
