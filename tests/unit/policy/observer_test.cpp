// SPDX-License-Identifier: MIT
// Histories against what a plain list of past observations gives.
#include "policy/observer.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "onnx_writer.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

constexpr std::size_t kStep = 5;  // q: 3, dq: 2

// y = the inputs themselves: what the observer laid out comes out.
OnnxFile echo(const std::string& contract, int64_t columns) {
  OnnxFile f;
  f.input("obs", {1, columns}).output("y", {1, columns});
  f.weight(tensor("one", {}, {1.0F}));
  f.node("Mul", {"obs", "one"}, {"y"});
  if (!contract.empty()) f.metadata("tactus.contract", contract);
  return f;
}

std::string contract_of(const std::string& extra, const std::string& of_q = "",
                        const std::string& of_dq = "") {
  return R"({"observations": [{"name": "q", "shape": [3], "unit": "rad")" +
         of_q + R"(}, {"name": "dq", "shape": [2], "unit": "rad/s")" + of_dq +
         R"(}], )" + extra +
         R"("action": {"name": "u", "kind": "joint_velocity",)"
         R"( "unit": "rad/s"}})";
}

Result<ModelPlan::Ptr> loaded(const OnnxFile& file) {
  const std::string bytes = file.bytes();
  return ModelPlan::from_image(as_image(bytes), "test.onnx", {});
}

ModelPlan::Ptr plan_of(const OnnxFile& file) {
  auto plan = loaded(file);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  return *plan;
}

void refused(const OnnxFile& file, const char* word) {
  auto plan = loaded(file);
  cr_assert(!plan, "loaded, wanted: %s", word);
  const std::string text = plan.error().text();
  cr_assert(text.find(word) != std::string::npos, "no '%s' in: %s", word,
            text.c_str());
  cr_assert(text.find("test.onnx") != std::string::npos);
}

std::vector<float> signals(std::size_t cycle) {
  std::vector<float> v(kStep);
  for (std::size_t i = 0; i < kStep; ++i)
    v[i] = static_cast<float>(100 * cycle + i + 1);
  return v;
}

std::vector<float> taken(const Observer& o, std::size_t columns) {
  const float* from = o.inputs()[0].data;
  return {from, from + columns};
}

struct Past {
  std::vector<std::vector<float>> kept;  // oldest first
  HistoryFill fill = HistoryFill::kFirst;
  [[nodiscard]] std::vector<float> at(std::size_t age) const {
    if (age < kept.size()) return kept[kept.size() - 1 - age];
    return fill == HistoryFill::kFirst ? kept.front()
                                       : std::vector<float>(kStep, 0.0F);
  }
};

// By the words of the README, sample by sample.
std::vector<float> expected(const Past& past, const History& h) {
  std::vector<float> out;
  const auto age = [&](std::size_t slot) {
    const bool oldest = h.order == HistoryOrder::kOldestFirst;
    return (oldest ? h.length - 1 - slot : slot) * h.every;
  };
  if (h.layout == HistoryLayout::kByStep) {
    for (std::size_t s = 0; s < h.length; ++s)
      for (const float v : past.at(age(s))) out.push_back(v);
    return out;
  }
  for (const auto& [first, n] : {std::pair{0, 3}, {3, 2}}) {
    for (std::size_t s = 0; s < h.length; ++s) {
      const auto step = past.at(age(s));
      out.insert(out.end(), step.begin() + first, step.begin() + first + n);
    }
  }
  return out;
}

std::string json_of(const History& h) {
  return R"("history": {"length": )" + std::to_string(h.length) +
         R"(, "every": )" + std::to_string(h.every) + R"(, "order": ")" +
         (h.order == HistoryOrder::kOldestFirst ? "oldest" : "newest") +
         R"(_first", "fill": ")" +
         (h.fill == HistoryFill::kFirst ? "first" : "zeros") +
         R"(", "layout": "by_)" +
         (h.layout == HistoryLayout::kByStep ? "step" : "signal") + R"("}, )";
}

void follows(const History& h) {
  const std::size_t columns = kStep * h.length;
  const auto plan =
      plan_of(echo(contract_of(json_of(h)), static_cast<int64_t>(columns)));
  const Description& d = plan->describe();
  Observer o = Observer::make(d, d.contract);
  Past past{{}, h.fill};
  for (std::size_t cycle = 0; cycle < 3 * h.span() + 2; ++cycle) {
    past.kept.push_back(signals(cycle));
    o.observe(signals(cycle));
    cr_assert(taken(o, columns) == expected(past, h), "%s cycle %zu",
              json_of(h).c_str(), cycle);
    o.advance();
  }
}

}  // namespace

Test(observer, stacks_every_order_layout_fill_and_spacing) {
  for (const std::size_t length : {1, 2, 6})
    for (const std::size_t every : {1, 3})
      for (const auto order :
           {HistoryOrder::kOldestFirst, HistoryOrder::kNewestFirst})
        for (const auto layout :
             {HistoryLayout::kByStep, HistoryLayout::kBySignal})
          for (const auto fill : {HistoryFill::kFirst, HistoryFill::kZeros})
            follows({length, every, order, layout, fill});
}

Test(observer, one_signal_alone_may_have_a_history) {
  const auto plan = plan_of(
      echo(contract_of("", "",
                       R"(, "history": {"length": 2, "order": "newest_first", )"
                       R"("fill": "zeros"})"),
           7));
  const Description& d = plan->describe();
  Observer o = Observer::make(d, d.contract);
  cr_assert(o.size() == kStep);
  o.observe(signals(0));
  cr_assert(taken(o, 7) == (std::vector<float>{1, 2, 3, 4, 5, 0, 0}));
  o.advance();
  o.observe(signals(1));
  cr_assert(taken(o, 7) == (std::vector<float>{101, 102, 103, 104, 105, 4, 5}));
}

Test(observer, a_named_input_has_the_history_the_other_has_none) {
  OnnxFile f;
  f.input("now", {1, 3}).input("past", {1, 3, 2}).output("y", {1, 9});
  f.weight(int_tensor("flat", {2}, {1, 6}));
  f.node("Reshape", {"past", "flat"}, {"p"});
  f.node("Concat", {"now", "p"}, {"y"}, {int_attribute("axis", 1)});
  f.metadata("tactus.contract",
             contract_of(R"("history": {"length": 3, "order": "oldest_first", )"
                         R"("fill": "first", "layout": "by_step", )"
                         R"("input": "past"}, )"));
  const auto plan = plan_of(f);
  const Description& d = plan->describe();
  cr_assert(d.contract.observations[0].history.length == 1);
  cr_assert(d.contract.observations[1].history.length == 3);
  cr_assert(d.contract.observations[1].first == 3);
}

Test(observer, scales_and_clips_before_it_keeps) {
  const auto plan = plan_of(
      echo(contract_of(json_of({2, 1, HistoryOrder::kNewestFirst,
                                HistoryLayout::kByStep, HistoryFill::kFirst}),
                       R"(, "scale": 2, "clip": [-10, 10])"),
           10));
  const Description& d = plan->describe();
  Observer o = Observer::make(d, d.contract);
  o.observe(std::vector<float>{1, 2, 30, 4, 5});
  o.advance();
  o.observe(std::vector<float>{0, 0, 0, 0, 0});
  cr_assert(taken(o, 10) ==
            (std::vector<float>{0, 0, 0, 0, 0, 2, 4, 10, 4, 5}));
}

// A cycle without advance() leaves nothing, not even as the first.
Test(observer, what_was_not_kept_is_not_in_the_history) {
  const auto plan = plan_of(
      echo(contract_of(json_of({3, 1, HistoryOrder::kNewestFirst,
                                HistoryLayout::kByStep, HistoryFill::kFirst})),
           15));
  const Description& d = plan->describe();
  Observer o = Observer::make(d, d.contract);
  const std::vector<float> wrong(kStep,
                                 std::numeric_limits<float>::quiet_NaN());
  o.observe(wrong);
  o.observe(signals(1));
  o.advance();
  o.observe(wrong);
  o.observe(signals(2));
  Past past{{signals(1), signals(2)}};
  cr_assert(taken(o, 15) ==
            expected(past, {3, 1, HistoryOrder::kNewestFirst,
                            HistoryLayout::kByStep, HistoryFill::kFirst}));
}

Test(observer, goes_on_from_a_saved_state_and_begins_anew_after_reset) {
  const History h{4, 2, HistoryOrder::kOldestFirst, HistoryLayout::kBySignal,
                  HistoryFill::kFirst};
  const auto plan = plan_of(echo(contract_of(json_of(h)), 20));
  const Description& d = plan->describe();
  Observer a = Observer::make(d, d.contract);
  Observer b = Observer::make(d, d.contract);
  for (std::size_t cycle = 0; cycle < 5; ++cycle) {
    a.observe(signals(cycle));
    a.advance();
  }
  std::vector<std::byte> state(a.state_size());
  a.save(state.data());
  b.observe(signals(77));
  b.advance();
  b.restore(state.data());
  for (std::size_t cycle = 5; cycle < 20; ++cycle) {
    for (Observer* o : {&a, &b}) o->observe(signals(cycle));
    cr_assert(taken(a, 20) == taken(b, 20), "cycle %zu", cycle);
    for (Observer* o : {&a, &b}) o->advance();
  }
  a.reset();
  a.observe(signals(40));
  cr_assert(taken(a, 20) == expected({{signals(40)}}, h));
}

Test(observer, keeps_nothing_where_the_contract_wants_no_history) {
  const auto plan = plan_of(echo(contract_of(""), 5));
  const Description& d = plan->describe();
  cr_assert(Observer::make(d, d.contract).state_size() == 0);
}

Test(observer, a_wrong_history_is_refused_by_name) {
  const auto with = [](const std::string& history, int64_t columns = 10) {
    return echo(contract_of("\"history\": " + history + ", "), columns);
  };
  const std::string rest =
      R"("order": "oldest_first", "fill": "first", "layout": "by_step"})";
  refused(with(R"({"length": 2, )" + rest, 11), "do not fill input 'obs' (11)");
  refused(with(R"({"length": 0, )" + rest), "'length' is not 1 .. 1000");
  refused(with(R"({"length": 1.5, )" + rest), "'length' is not 1 .. 1000");
  refused(with(R"({"length": 2, "every": 0, )" + rest), "'every' is not");
  refused(with(R"({"length": 2, "evry": 1, )" + rest), "unknown key 'evry'");
  refused(with(R"({"length": 2, "order": "oldest", "fill": "first", )"
               R"("layout": "by_step"})"),
          "expected 'oldest_first' or 'newest_first'");
  refused(with(R"({"length": 2, "order": "oldest_first", "layout": )"
               R"("by_step"})"),
          "lacks 'fill'");
  refused(with(R"({"length": 2, "order": "oldest_first", "fill": "first"})"),
          "lacks 'layout'");
  refused(with(R"({"length": 2, "input": "none", )" + rest),
          "none of that name");
  refused(echo(contract_of(R"("history": {"length": 1000, "every": 1000, )" +
                           rest + ", "),
               5000),
          "keep 999000 cycles");  // the ring, not the input, is too long
  const std::string own =
      R"(, "history": {"length": 2, "order": "oldest_first", "fill": "first"})";
  refused(
      echo(contract_of(R"("history": {"length": 2, )" + rest + ", ", own), 10),
      "one of input 'obs': keep one");
  refused(echo(contract_of("", R"(, "history": {"length": 2, "order": )"
                               R"("oldest_first", "fill": "first", )"
                               R"("layout": "by_step"})"),
               8),
          "are the contract's");
  refused(echo(contract_of("", R"(, "slow": 1)"), 5), "neither true nor false");
}
