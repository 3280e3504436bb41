// SPDX-License-Identifier: MIT
// What `rtctl model run` and `rtctl model verify` call.
#include <criterion/criterion.h>

#include <string>

#include "core/npy.hpp"
#include "onnx_writer.hpp"
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
