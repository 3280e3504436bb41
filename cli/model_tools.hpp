// SPDX-License-Identifier: MIT
// What the verbs of rtctl model share. Those that measure do so on this
// machine, over recorded rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "output.hpp"
#include "policy/assess.hpp"
#include "policy/recommend.hpp"

namespace tactus::cli {

int quantize_model(const ModelOptions& options, const Output& out);
int prune_model(const ModelOptions& options, const Output& out);
int bench_model(const ModelOptions& options, const Output& out);
int verify_model(const ModelOptions& options, const Output& out);

// In f32, golden vectors not compared.
Result<policy::ModelPlan::Ptr> load_exact(const std::string& model);
// In double, as built.
Result<policy::ModelPlan::Ptr> load_reference(std::span<const std::byte> image,
                                              const std::string& label);
// Of a log, or of one .npy per input.
Result<policy::Rows> rows_of(const std::vector<std::string>& from,
                             const policy::Description& model);
// Before anything is measured: where the output would go there is a folder, and
// not what it is made from.
Result<void> check_output(const ModelOptions& options);
// Whole or not at all: renamed into place.
Result<void> write_output(const std::string& path, std::string_view bytes);
std::string_view text_of(const std::vector<std::byte>& bytes);

Value accuracy_value(const std::vector<policy::OutputAccuracy>& outputs);
std::string accuracy_text(const std::vector<policy::OutputAccuracy>& outputs);
Value timing_value(const policy::Timing& timing);
Value golden_value(const policy::GoldenResult& golden);
std::string golden_text(const policy::GoldenResult& golden);
Value machine_value();
std::string machine_text();

}  // namespace tactus::cli
