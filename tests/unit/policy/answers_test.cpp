// SPDX-License-Identifier: MIT
// The answer table: hits are what a run gives, and nothing else is a hit.
#include "policy/answers.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "onnx_writer.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

// Two inputs, two outputs, a division that can leave the numbers.
OnnxFile two_by_two() {
  OnnxFile f;
  f.input("a", {1, 3}).input("b", {1, 3});
  f.output("y", {1, 3}).output("z", {1, 3});
  f.node("Div", {"a", "b"}, {"y"}).node("Tanh", {"a"}, {"z"});
  return f;
}

Result<ModelPlan::Ptr> loaded(const OnnxFile& file, std::size_t answers) {
  const std::string bytes = file.bytes();
  Options options;
  options.answers = answers;
  return ModelPlan::from_image(as_image(bytes), "test.onnx", options);
}

Context context_of(std::size_t answers) {
  auto plan = loaded(two_by_two(), answers);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  cr_assert(bool(context));
  return std::move(*context);
}

using Three = std::array<float, 3>;
struct Both {
  Three y{}, z{};
  Status status = Status::kBackend;
  bool operator==(const Both& other) const {
    return status == other.status && std::memcmp(&y, &other.y, sizeof y) == 0 &&
           std::memcmp(&z, &other.z, sizeof z) == 0;
  }
};
Both run(Context& context, const Three& a, const Three& b) {
  Both out;
  const InputView in[] = {{a.data()}, {b.data()}};
  const OutputView to[] = {out.y, out.z};
  out.status = context.run(in, to);
  return out;
}

}  // namespace

Test(answers, a_hit_is_what_a_run_gives) {
  Context with = context_of(8), without = context_of(0);
  std::mt19937 random(1);
  // Few enough to come again, more than there are places.
  for (int i = 0; i < 4000; ++i) {
    const auto v = static_cast<float>(random() % 30);
    const Three a = {v, 1, -v}, b = {3, v + 1, 7};
    cr_assert(run(with, a, b) == run(without, a, b), "row %d", i);
  }
  const Reuse& reuse = with.reuse();
  cr_assert(reuse.answer_hits > 100 && reuse.answer_misses > 100);
  cr_assert(reuse.answer_hits + reuse.answer_misses == 4000);
  cr_assert(without.reuse().answer_misses == 0);
}

Test(answers, the_second_time_is_a_hit_and_the_sign_of_zero_counts) {
  Context context = context_of(4);
  const Three a = {1, 2, 3}, b = {4, 5, 6}, zero = {0, 0, 0},
              minus = {-0.0F, 0, 0};
  run(context, a, b);
  run(context, a, b);
  cr_assert(context.reuse().answer_hits == 1);
  run(context, zero, b);
  const Both other = run(context, minus, b);
  cr_assert(context.reuse().answer_hits == 1);
  cr_assert(std::signbit(other.y[0]));
}

Test(answers, what_is_not_finite_is_never_kept) {
  Context context = context_of(4);
  const Three a = {1, 0, 1}, b = {0, 0, 1};  // inf, NaN
  for (int i = 0; i < 3; ++i)
    cr_assert(run(context, a, b).status == Status::kNotFinite);
  cr_assert(context.reuse().answer_hits == 0);
  cr_assert(context.reuse().answer_misses == 3);
}

Test(answers, an_input_that_did_not_change_is_part_of_the_key) {
  Context context = context_of(4);
  Three a = {1, 2, 3}, b = {4, 5, 6}, y{}, z{};
  const OutputView to[] = {y, z};
  const InputView first[] = {{a.data()}, {b.data()}};
  cr_assert(context.run(first, to) == Status::kOk);
  const InputView second[] = {{a.data(), false}, {b.data()}};
  cr_assert(context.run(second, to) == Status::kOk);
  cr_assert(context.reuse().answer_hits == 1);
  b = {8, 8, 8};
  cr_assert(context.run(second, to) == Status::kOk);
  cr_assert(context.reuse().answer_hits == 1);
  cr_assert(y[0] == 1.0F / 8.0F);
}

// Keys that fall into one set and beside each other do not answer for another.
Test(answers, a_table_of_one_set_forgets_the_oldest) {
  AnswerTable table({4, 1, 1});
  const auto key = [](float v) { return std::vector<float>{v}; };
  for (int i = 0; i < 5; ++i) {
    const auto k = key(static_cast<float>(i));
    cr_assert(table.find(k) == nullptr);
    table.store(k)[0] = static_cast<float>(10 * i);
  }
  cr_assert(table.find(key(0)) == nullptr);
  for (int i = 1; i < 5; ++i) {
    const float* found = table.find(key(static_cast<float>(i)));
    cr_assert(found != nullptr && found[0] == static_cast<float>(10 * i));
  }
}

Test(answers, a_recurrent_model_and_too_many_are_refused) {
  OnnxFile f;
  f.input("x", {1, 2}).input("h_in", {1, 2});
  f.output("y", {1, 2}).output("h_out", {1, 2});
  f.node("Add", {"x", "h_in"}, {"s"}).node("Tanh", {"s"}, {"h_out"});
  f.node("Abs", {"h_out"}, {"y"});
  auto recurrent = loaded(f, 4);
  cr_assert(!recurrent);
  const std::string why = recurrent.error().text();
  cr_assert(why.find("recurrent ('h_in')") != std::string::npos, "%s",
            why.c_str());
  cr_assert(!loaded(two_by_two(), kMostAnswers + 1));
  OnnxFile wide;
  wide.input("x", {1, 4096}).output("y", {1, 4096});
  wide.node("Tanh", {"x"}, {"y"});
  auto large = loaded(wide, kMostAnswers);
  cr_assert(!large);
  const std::string size = large.error().text();
  cr_assert(size.find("MiB") != std::string::npos, "%s", size.c_str());
}
