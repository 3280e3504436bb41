// SPDX-License-Identifier: MIT
// What `rtctl model run` and `rtctl model verify` call.
#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <string>

#include "core/npy.hpp"
#include "onnx_writer.hpp"
#include "policy/batch.hpp"
#include "policy/model_run.hpp"
#include "policy/verify.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

// h' = h + x, y = 2 h'.
OnnxFile accumulator() {
  OnnxFile f;
  f.input("x", {1, 2}).input("h_in", {1, 2});
  f.output("y", {1, 2}).output("h_out", {1, 2});
  f.weight(tensor("two", {}, {2.0F}));
  f.node("Add", {"x", "h_in"}, {"h_out"}).node("Mul", {"h_out", "two"}, {"y"});
  return f;
}

struct Ran {
  TempFolder folder;
  std::string error;
  Npy array(const std::string& name) {
    auto npy = read_npy(folder.path() + "/out/" + name + ".npy");
    cr_assert(bool(npy), "%s", npy ? "" : npy.error().text());
    return *npy;
  }
};

void run(Ran& r, const std::vector<Npy>& files,
         const std::vector<std::string>& names, bool whole) {
  RunOptions options;
  options.output_dir = r.folder.path() + "/out";
  options.whole = whole;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = r.folder.path() + "/" + std::to_string(i) + ".npy";
    cr_assert(bool(write_npy(path, files[i])));
    options.inputs.push_back({names[i], path});
  }
  auto report =
      model_run(r.folder.write("m.onnx", accumulator().bytes()), options);
  r.error = report ? "" : report.error().text();
}

using Values = std::vector<double>;
using Shape = std::vector<int64_t>;

}  // namespace

Test(model_run, carries_the_state_from_row_to_row) {
  Ran r;
  run(r, {{NpyType::kF32, {3, 2}, {1, 10, 1, 10, 1, 10}}}, {""}, false);
  cr_assert(r.error.empty(), "%s", r.error.c_str());
  cr_assert(r.array("y").shape == Shape({3, 2}));
  cr_assert(r.array("y").data == Values({2, 20, 4, 40, 6, 60}));
  cr_assert(r.array("h_out").shape == Shape({1, 2}));
  cr_assert(r.array("h_out").data == Values({3, 30}));
  cr_assert(r.array("y").type == NpyType::kF32);
}

Test(model_run, takes_rows_with_the_batch_written_out) {
  Ran r;
  run(r, {{NpyType::kF64, {2, 1, 2}, {1, 2, 3, 4}}}, {"x"}, false);
  cr_assert(r.error.empty(), "%s", r.error.c_str());
  cr_assert(r.array("y").data == Values({2, 4, 8, 12}));
}

Test(model_run, whole_takes_each_file_as_one_input) {
  Ran r;
  run(r, {{NpyType::kF32, {1, 2}, {1, 2}}, {NpyType::kF32, {1, 2}, {100, 200}}},
      {"x", "h_in"}, true);
  cr_assert(r.error.empty(), "%s", r.error.c_str());
  cr_assert(r.array("y").shape == Shape({1, 2}));
  cr_assert(r.array("y").data == Values({202, 404}));
}

Test(model_run, a_given_state_is_taken_from_its_rows) {
  Ran r;
  run(r,
      {{NpyType::kF32, {2, 2}, {1, 1, 1, 1}},
       {NpyType::kF32, {2, 2}, {10, 10, 20, 20}}},
      {"x", "h_in"}, false);
  cr_assert(r.array("y").data == Values({22, 22, 42, 42}));
}

Test(model_run, wrong_files_are_named) {
  Ran wrong_shape;
  run(wrong_shape, {{NpyType::kF32, {2, 3}, Values(6)}}, {"x"}, false);
  cr_assert(wrong_shape.error.find("[2,3]") != std::string::npos, "%s",
            wrong_shape.error.c_str());
  Ran no_input;
  run(no_input, {}, {}, false);
  cr_assert(no_input.error.find("'x' is not given") != std::string::npos);
  Ran unknown;
  run(unknown, {{NpyType::kF32, {2, 2}, Values(4)}}, {"q"}, false);
  cr_assert(unknown.error.find("no such input") != std::string::npos);
}

namespace {

// y = tanh(x w), z = x / |x|: not a number for a row of zeros.
OnnxFile stateless() {
  OnnxFile f;
  f.input("x", {1, 3}).output("y", {1, 2}).output("z", {1, 3});
  f.weight(tensor("w", {3, 2}, {0.3F, -0.7F, 0.2F, 0.9F, -0.4F, 0.1F}));
  f.node("MatMul", {"x", "w"}, {"m"}).node("Tanh", {"m"}, {"y"});
  f.node("Abs", {"x"}, {"a"}).node("Div", {"x", "a"}, {"z"});
  return f;
}

Npy many_rows(std::size_t rows) {
  Npy npy{NpyType::kF64, {static_cast<int64_t>(rows), 3}, {}};
  for (std::size_t i = 0; i < 3 * rows; ++i)
    npy.data.push_back(i % 60 == 0 ? 0 : std::sin(static_cast<double>(i)));
  return npy;
}

}  // namespace

Test(batch, rows_are_the_same_on_any_number_of_threads) {
  const TempFolder folder;
  constexpr std::size_t kRows = 1000;  // no whole number of blocks
  const std::string model = folder.write("m.onnx", stateless().bytes());
  const Npy rows = many_rows(kRows);
  cr_assert(bool(write_npy(folder.path() + "/x.npy", rows)));
  auto plan = ModelPlan::load(model, {});
  cr_assert(bool(plan));
  auto context = Context::make(*plan);
  cr_assert(bool(context));
  Values y, z;
  for (std::size_t r = 0; r < kRows; ++r) {
    float x[3], a[2], b[3];
    std::copy_n(rows.data.begin() + static_cast<long>(3 * r), 3, x);
    const InputView in[] = {{x}};
    const OutputView out[] = {a, b};
    static_cast<void>(context->run(in, out));
    y.insert(y.end(), a, a + 2);
    z.insert(z.end(), b, b + 3);
  }
  const auto same = [](const Values& a, const Values& b) {
    return a.size() == b.size() &&
           std::memcmp(a.data(), b.data(), 8 * a.size()) == 0;
  };
  for (const unsigned threads : {1U, 2U, 3U, 16U}) {
    RunOptions options;
    options.inputs = {{"", folder.path() + "/x.npy"}};
    options.output_dir = folder.path() + "/out";
    options.threads = threads;
    std::size_t told = 0;
    options.progress = [&](std::size_t done) { told = done; };
    auto report = model_run(model, options);
    cr_assert(bool(report) && report->rows == kRows);
    cr_assert_eq(told, kRows);
    auto got_y = read_npy(options.output_dir + "/y.npy");
    auto got_z = read_npy(options.output_dir + "/z.npy");
    cr_assert(same(got_y->data, y), "%u threads", threads);
    cr_assert(same(got_z->data, z), "%u threads", threads);
  }
}

Test(batch, a_recurrent_model_and_a_short_array_are_refused) {
  const TempFolder folder;
  auto recurrent =
      ModelPlan::load(folder.write("r.onnx", accumulator().bytes()), {});
  cr_assert(bool(recurrent));
  cr_assert(!run_batch(*recurrent, {}));
  auto plan = ModelPlan::load(folder.write("m.onnx", stateless().bytes()), {});
  cr_assert(bool(plan));
  std::vector<float> x(6), y(4), z(5);
  auto short_z = run_batch(*plan, {2, {x}, {y, z}});
  cr_assert(!short_z);
  const std::string why = short_z.error().text();
  cr_assert(why.find("does not hold 2 rows") != std::string::npos);
  z.resize(6);
  cr_assert(bool(run_batch(*plan, {2, {x}, {y, z}})));
}

Test(model_run, signals_are_scaled_and_stacked_by_the_contract) {
  const TempFolder folder;
  OnnxFile f;
  f.input("x", {1, 4}).output("y", {1, 4});
  f.weight(tensor("one", {}, {1.0F})).node("Mul", {"x", "one"}, {"y"});
  f.metadata("tactus.contract",
             R"({"observations": [{"name": "q", "shape": [2], "unit": "rad",)"
             R"( "scale": 10}], "history": {"length": 2, "order": )"
             R"("newest_first", "fill": "first", "layout": "by_step"},)"
             R"( "action": {"name": "u", "kind": "joint_velocity", "unit": )"
             R"("rad/s"}})");
  const std::string model = folder.write("m.onnx", f.bytes());
  RunOptions options;
  options.inputs = {{"", folder.path() + "/q.npy"}};
  options.output_dir = folder.path() + "/out";
  options.signals = true;
  cr_assert(bool(write_npy(options.inputs[0].path,
                           {NpyType::kF32, {3, 2}, {1, 2, 3, 4, 5, 6}})));
  auto report = model_run(model, options);
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  auto y = read_npy(options.output_dir + "/y.npy");
  cr_assert(bool(y));
  cr_assert(y->data ==
            Values({10, 20, 10, 20, 30, 40, 10, 20, 50, 60, 30, 40}));
  options.whole = true;
  cr_assert(!model_run(model, options));
}

Test(model_run, signals_without_a_contract_are_refused) {
  const TempFolder folder;
  RunOptions options;
  options.inputs = {{"", folder.path() + "/x.npy"}};
  options.output_dir = folder.path() + "/out";
  options.signals = true;
  cr_assert(bool(
      write_npy(options.inputs[0].path, {NpyType::kF32, {1, 3}, {1, 2, 3}})));
  const std::string model = folder.write("m.onnx", stateless().bytes());
  auto report = model_run(model, options);
  cr_assert_not(bool(report));
  cr_assert(report.error().code() == ErrorCode::kBadInput);
  const std::string text = report.error().text();
  cr_assert(text.find("--signals: " + model + " has no contract") !=
                std::string::npos,
            "%s", text.c_str());
}

Test(model_run, says_what_it_ran_on) {
  const TempFolder folder;
  RunOptions options;
  options.inputs = {{"", folder.path() + "/x.npy"}};
  options.output_dir = folder.path() + "/out";
  options.plan.backend = "reference";
  cr_assert(bool(
      write_npy(options.inputs[0].path, {NpyType::kF32, {1, 3}, {1, 2, 3}})));
  const std::string model = folder.write("m.onnx", stateless().bytes());
  auto report = model_run(model, options);
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  cr_assert(report->backend == "reference" && report->tier == Tier::kF32);
  options.plan.backend = "fused";
  options.plan.tier = Tier::kBf16;
  report = model_run(model, options);
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  cr_assert(report->backend == "fused" && report->tier == Tier::kBf16);
}

Test(verify, backends_agree_and_absent_golden_vectors_are_said) {
  use_built_modules();
  const TempFolder folder;
  auto report = verify(folder.write("m.onnx", accumulator().bytes()), {});
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  cr_assert(report->ok);
  cr_assert_not(report->golden_ok);
  cr_assert(report->model.self_checked);
  for (const auto& b : report->backends) {
    cr_assert(b.available && b.ok, "%s: %s", b.backend.c_str(),
              b.reason.c_str());
  }
}

Test(verify, a_golden_mismatch_is_not_ok) {
  const TempFolder folder;
  OnnxFile f = accumulator();
  f.metadata("tactus.golden",
             R"({"by": "t", "tolerance": 1e-6, "observation": [[1, 1]],
                 "action": [[2, 3]]})");
  auto report = verify(folder.write("m.onnx", f.bytes()), {});
  cr_assert(bool(report));
  cr_assert_not(report->ok);
  cr_assert(report->golden_error.find("vector 0") != std::string::npos);
}

Test(verify, a_tolerance_that_is_too_tight_is_noticed) {
  const TempFolder folder;
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).node("Tanh", {"x"}, {"y"});
  VerifyOptions options;
  options.tolerance = 1e-12;
  auto report = verify(folder.write("m.onnx", f.bytes()), options);
  cr_assert(bool(report));
  cr_assert_not(report->ok);
}
