// SPDX-License-Identifier: MIT
// Rows, errors of actions, and the QDQ export.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>

#include "core/npy.hpp"
#include "plan_rig.hpp"
#include "policy/assess.hpp"
#include "policy/qdq.hpp"
#include "policy/recommend.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

// y = gain · x, two values; the contract's action is 10 y.
std::string scaled(float gain) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("gain", {}, {gain}));
  f.node("Mul", {"x", "gain"}, {"y"});
  f.metadata("tactus.contract",
             R"({"observations": [{"name": "q", "shape": [2], "unit": "rad"}],
                 "action": {"name": "u", "kind": "k", "unit": "rad/s",
                            "scale": 10}})");
  return f.bytes();
}

ModelPlan::Ptr plan_of(const std::string& bytes) {
  return test::plan_of(as_image(bytes), on("reference"));
}

Rows four() { return {"rows", 4, {{0, 1, 1, 1, 2, 1, 4, 1}}}; }

bool near(double a, double b) { return std::fabs(a - b) < 1e-6; }

std::string rows_error(const std::vector<NamedFile>& files) {
  auto rows = read_rows(plan_of(scaled(1))->describe(), files);
  cr_assert_not(bool(rows));
  cr_assert(rows.error().code() == ErrorCode::kBadInput);
  return rows.error().text();
}

// y = W1 elu(W0 x + b).
std::string mlp(uint64_t opset = 17) {
  OnnxFile f;
  f.opset(opset).input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w0", {3, 2}, {1, -2, 0.5F, 4, 0, 0}));
  f.weight(tensor("b0", {3}, {0.1F, -0.2F, 3}));
  f.weight(tensor("w1", {3, 2}, {1, 2, -3, 0.4F, 5, 6}));
  f.node("Gemm", {"x", "w0", "b0"}, {"z"}, {int_attribute("transB", 1)});
  f.node("Elu", {"z"}, {"h"}).node("MatMul", {"h", "w1"}, {"y"});
  f.metadata("tactus.golden",
             R"({"by": "x", "tolerance": 100, "observation": [[0, 0]],
                 "action": [[0, 0]]})");
  return f.bytes();
}

}  // namespace

Test(assess, errors_are_in_the_action_s_unit) {
  auto report =
      action_errors(plan_of(scaled(1)), plan_of(scaled(1.5F)), four());
  cr_assert(bool(report));
  const OutputAccuracy& y = report->front();
  cr_assert(y.action && y.unit == "rad/s" && y.output == "y");
  // 0.5 · 10 · {0, 1, 2, 4} and 0.5 · 10 · 1 four times.
  cr_assert(near(y.elements[0].max, 20) && near(y.elements[0].spread, 40));
  cr_assert(near(y.elements[0].rms, 5 * std::sqrt(21.0 / 4)));
  cr_assert(near(y.elements[1].max, 5) && near(y.elements[1].spread, 0));
  cr_assert(near(y.all.max, 20) && near(y.all.spread, 40));
}

Test(assess, what_is_finite_once_is_not_close) {
  auto report =
      action_errors(plan_of(scaled(1)), plan_of(scaled(INFINITY)), four());
  cr_assert(bool(report));
  cr_assert(std::isinf(report->front().all.max));
}

Test(assess, times_every_plan_over_the_rows) {
  const Rows rows = four();
  const ModelPlan::Ptr plans[] = {plan_of(scaled(1)), plan_of(scaled(2))};
  auto times = time_calls(plans, &rows, 1000);
  cr_assert(bool(times) && times->size() == 2);
  for (const Timing& t : *times) {
    cr_assert(t.samples >= 20 && t.calls >= 1);
    cr_assert(t.min > 0 && t.min <= t.p50 && t.p50 <= t.max);
  }
}

Test(rows, wrong_files_are_named) {
  const TempFolder folder;
  const auto file = [&](const char* name, std::vector<int64_t> shape) {
    std::size_t size = 1;
    for (const int64_t d : shape) size *= static_cast<std::size_t>(d);
    const std::string path = folder.path() + "/" + name;
    cr_assert(bool(write_npy(
        path, {NpyType::kF32, shape, std::vector<double>(size, 1.0)})));
    return path;
  };
  const auto has = [](const std::string& text, const char* word) {
    cr_assert(text.find(word) != std::string::npos, "%s", text.c_str());
  };
  has(rows_error({}), "--calibrate x=FILE.npy");
  has(rows_error({{"", folder.path() + "/none.npy"}}), "none.npy");
  has(rows_error({{"", file("a.npy", {4, 3})}}), "[4,3]");
  has(rows_error({{"", file("e.npy", {0, 2})}}), "no rows");
  has(rows_error({{"z", file("b.npy", {4, 2})}}), "no input 'z'");
  auto rows = read_rows(plan_of(scaled(1))->describe(),
                        {{"x", file("c.npy", {3, 1, 2})}});
  cr_assert(bool(rows) && rows->count == 3 && rows->inputs[0].size() == 6);
}

Test(rows, what_is_not_finite_is_named_with_its_place) {
  const TempFolder folder;
  const std::string path = folder.path() + "/x.npy";
  for (const auto& [wrong, word] : {std::pair{double{NAN}, "nan"},
                                    {double{-INFINITY}, "-inf"},
                                    {1e300, "1e+300"}}) {
    std::vector<double> values(8, 1.0);
    values[5] = wrong;
    cr_assert(bool(write_npy(path, {NpyType::kF64, {4, 2}, values})));
    const std::string text = rows_error({{"", path}});
    const std::string place = path + ": row 2, column 1 (from 0) is " + word;
    cr_assert(text.starts_with(place), "%s", text.c_str());
  }
}

Test(rows, a_name_ends_before_the_first_slash) {
  cr_assert(named_file("x=a.npy").name == "x");
  cr_assert(named_file("x=a/b.npy").path == "a/b.npy");
  cr_assert(named_file("./x=a.npy").name.empty());
  cr_assert(named_file("a.npy").path == "a.npy");
}

Test(qdq, is_close_over_the_rows_and_says_what_it_did) {
  auto made = export_qdq(*plan_of(mlp()), four());
  cr_assert(bool(made), "%s", made ? "" : made.error().text());
  cr_assert(made->products == 2);
  const auto quantised = plan_of(made->file);
  cr_assert(quantised->describe().golden.vectors == 0);
  std::size_t pairs = 0;
  for (const auto& op : quantised->describe().ops) {
    if (op.op == "QuantizeLinear") pairs = op.count;
    if (op.op == "DequantizeLinear") cr_assert(op.count == 4);
  }
  cr_assert(pairs == 2);
  auto errors = action_errors(plan_of(mlp()), quantised, four());
  cr_assert(bool(errors));
  const ErrorStats& all = errors->front().all;
  cr_assert(all.max > 0 && all.max < 0.03 * all.spread, "%g of %g", all.max,
            all.spread);
}

Test(qdq, a_weight_at_the_edge_of_its_channel_is_exact) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {127, 1, 0, -0.5F}));
  f.node("MatMul", {"x", "w"}, {"y"});
  // 0 … 255 in steps of 1: these rows are exact, and so are all weights.
  const Rows rows{"rows", 2, {{0, 255, 2, 4}}};
  auto made = export_qdq(*plan_of(f.bytes()), rows);
  cr_assert(bool(made));
  auto errors = action_errors(plan_of(f.bytes()), plan_of(made->file), rows);
  const double bound = 255 * 0.5 / 127;  // half a step of column 1's weights
  cr_assert(errors->front().elements[0].max == 0);
  cr_assert(errors->front().elements[1].max <= bound);
}

Test(qdq, what_it_cannot_do_is_said) {
  const auto refused = [](const std::string& bytes, const char* word) {
    auto made = export_qdq(*plan_of(bytes), four());
    cr_assert_not(bool(made));
    const std::string text = made.error().text();
    cr_assert(text.find(word) != std::string::npos, "%s", text.c_str());
  };
  refused(mlp(12), "opset 12");
  refused(scaled(1), "nothing to quantise");
  Rows rows = four();
  rows.inputs[0][3] = NAN;
  auto made = export_qdq(*plan_of(mlp()), rows);
  cr_assert_not(bool(made));
}

Test(quantize, takes_the_tier_that_is_asked_for_or_the_exact_one) {
  const auto plan = plan_of(mlp());
  QuantizeOptions options;
  options.duration_ns = 1000;
  options.max_error = 1e-12;
  auto report = quantize(*plan, four(), options);
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  cr_assert(report->tiers.size() == 4);
  cr_assert(report->taken == Tier::kF32);
  cr_assert(report->max_error == 1e-12 && report->limit == "--max-error");
  auto file = make_tmodel(*plan, *report, "{}");
  cr_assert(bool(file), "%s", file ? "" : file.error().text());
  auto loaded = ModelPlan::from_image(*file, "m.tmodel", {});
  cr_assert(bool(loaded));
  const Description& d = (*loaded)->describe();
  cr_assert(d.storage.used_packed);
  cr_assert(d.golden.checked == 1);
  cr_assert(d.kernels == report->plan->describe().kernels);  // what was timed
}

namespace {

// y = W x with a golden vector far from the rows of four().
std::string far_golden(const char* action) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4})).node("MatMul", {"x", "w"}, {"y"});
  f.metadata("tactus.golden",
             R"({"by": "x", "tolerance": 0.001, "observation": [[100, 100]],
                 "action": [)" +
                 std::string(action) + "]}");
  return f.bytes();
}

std::string make_error(const std::string& model, Tier tier) {
  Options unchecked = on("reference");
  unchecked.check_golden = false;
  const auto plan = test::plan_of(as_image(model), unchecked);
  QuantizeOptions options;
  options.duration_ns = 1000;
  options.tier = tier;
  auto report = quantize(*plan, four(), options);
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  auto file = make_tmodel(*plan, *report, "{}");
  cr_assert_not(bool(file));
  return file.error().text();
}

bool has(const std::string& text, const char* word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

// The rows were too narrow: the model is what was trained.
Test(quantize, golden_vectors_beyond_the_rows_are_the_rows_fault) {
  const std::string text = make_error(far_golden("[400, 600]"), Tier::kInt16);
  cr_assert(has(text, "calibrated over rows,"), "%s", text.c_str());
  cr_assert(has(text, "over rows like this vector") && has(text, "--max-error"),
            "%s", text.c_str());
  cr_assert_not(has(text, "what was trained"), "%s", text.c_str());
}

Test(quantize, golden_vectors_that_f32_misses_are_the_models_fault) {
  for (const Tier tier : {Tier::kF32, Tier::kInt16}) {
    const std::string text = make_error(far_golden("[400, 601]"), tier);
    cr_assert(has(text, "test.onnx: golden vector 0: output 1 differs by 1"),
              "%s", text.c_str());
    cr_assert(has(text, "not what was trained"), "%s", text.c_str());
    cr_assert_not(has(text, "--max-error"), "%s", text.c_str());
  }
}

namespace {

TierReport measured(Tier tier, double us, double error, std::size_t bytes) {
  TierReport t;
  t.tier = tier;
  t.timing.p50 = 1e3 * us;
  t.error = error;
  t.within = error <= 0.1;
  t.weight_bytes = bytes;
  return t;
}

QuantizeReport of_figures() {
  QuantizeReport r;
  r.caches = {32 << 10, 1 << 20, 0};
  r.unit = "rad/s";
  r.max_error = 0.1;
  r.limit = "--max-error";
  r.tiers = {measured(Tier::kF32, 8, 0, 2 << 20),
             measured(Tier::kBf16, 6, 0.05, 1 << 20),
             measured(Tier::kInt16, 2, 0.01, 1 << 20),
             measured(Tier::kInt8, 1, 0.5, 30000)};
  return r;
}

}  // namespace

Test(quantize, recommends_by_time_here_error_and_caches_and_says_so) {
  QuantizeReport r = of_figures();
  recommend(r, {});
  cr_assert(r.taken == Tier::kInt16);
  cr_assert(
      r.reason ==
          "4.00 times as fast as f32 on this machine (int16 2 us, 1048576 "
          "bytes: fits L2 (1 MiB); f32 8 us, 2097152 bytes: larger than "
          "every cache that is known); largest error 0.01 rad/s of 0.1 "
          "allowed (--max-error); bf16 6 us, int8 1 us (error 0.5 is too "
          "large)",
      "%s", r.reason.c_str());
}

Test(quantize, recommends_f32_where_nothing_gains) {
  QuantizeReport r = of_figures();
  for (TierReport& t : r.tiers) t.timing.p50 = 8000;
  recommend(r, {});
  cr_assert(r.taken == Tier::kF32);
  cr_assert(
      r.reason.starts_with(
          "no other tier is both faster and close enough: on this machine "
          "f32 8 us, 2097152 bytes: larger"),
      "%s", r.reason.c_str());
  cr_assert(has(r.reason, "; bf16 8 us, int16 8 us, int8 8 us (error 0.5"));
}

Test(quantize, what_is_asked_for_is_taken_and_its_figures_told) {
  QuantizeReport r = of_figures();
  recommend(r, Tier::kInt8);
  cr_assert(r.taken == Tier::kInt8);
  cr_assert(r.reason.starts_with("it was asked for: 8.00 times as fast"));
  cr_assert(has(r.reason, "int8 1 us, 30000 bytes: fits L1d (32 KiB)"));
  recommend(r, Tier::kF32);
  cr_assert(r.reason.starts_with("it was asked for: on this machine f32"));
}

Test(quantize, tiers_have_names) {
  cr_assert(tier_of("int8")->value() == Tier::kInt8);
  cr_assert_not(tier_of("auto")->has_value());
  cr_assert_not(bool(tier_of("int4")));
}

Test(quantize, says_which_cache_is_large_enough) {
  const rt::Caches caches{32 << 10, 1 << 20, 0};
  cr_assert(fits_where(100, caches) == "fits L1d (32 KiB)");
  cr_assert(fits_where(40 << 10, caches) == "fits L2 (1 MiB)");
  cr_assert(fits_where(2 << 20, caches).find("larger") == 0);
}
