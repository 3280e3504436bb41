// SPDX-License-Identifier: MIT
#include "model_tools.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "config/log_rows.hpp"
#include "core/error.hpp"

namespace tactus::cli {

using policy::ModelPlan;

namespace {

Value errors_value(const policy::ErrorStats& e) {
  return Value()
      .add("max", e.max)
      .add("p99", e.p99)
      .add("rms", e.rms)
      .add("spread", e.spread);
}

}  // namespace

Result<void> check_output(const ModelOptions& options) {
  namespace fs = std::filesystem;
  if (options.output.empty()) return {};
  const fs::path output = options.output;
  std::error_code none;
  const fs::path folder = output.parent_path();
  if (!folder.empty() && !fs::is_directory(folder, none))
    return bad_input("--output: {}: there is no folder {}", options.output,
                     folder.string());
  std::vector<std::string> sources = options.calibrate;
  sources.push_back(options.model);
  for (const std::string& source : sources) {
    const std::string file = source.substr(source.find('=') + 1);
    if (fs::equivalent(output, file, none))
      return bad_input(
          "--output: {} is what it would be made from: choose "
          "another name",
          options.output);
  }
  return {};
}

Result<void> write_output(const std::string& path, std::string_view bytes) {
  constexpr const char* kRemedy = "choose an --output that can be written";
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file && std::rename(part.c_str(), path.c_str()) == 0) return {};
  const int why = errno;
  std::remove(part.c_str());
  return file_error(path, why, kRemedy);
}

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<ModelPlan::Ptr> load_exact(const std::string& model) {
  policy::Options options;
  options.check_golden = false;
  options.tier = policy::Tier::kF32;
  return ModelPlan::load(model, options);
}

Result<ModelPlan::Ptr> load_reference(std::span<const std::byte> image,
                                      const std::string& label) {
  policy::Options options;
  options.backend = "reference";
  options.tier = policy::Tier::kF32;
  options.check_golden = false;
  return ModelPlan::from_image(image, label, options);
}

Result<policy::Rows> rows_of(const std::vector<std::string>& from,
                             const policy::Description& model) {
  for (const std::string& file : from) {
    if (!file.ends_with(".tlog")) continue;
    if (from.size() > 1) {
      return bad_input("--calibrate {}: a log holds every input: give it alone",
                       file);
    }
    auto log = trace::LogReader::open(file);
    if (!log) return log.error();
    return config::rows_of_log(*log, model);
  }
  std::vector<policy::NamedFile> files;
  for (const std::string& file : from)
    files.push_back(policy::named_file(file));
  return policy::read_rows(model, files);
}

Value accuracy_value(const std::vector<policy::OutputAccuracy>& list) {
  Value::Array outputs;
  for (const auto& o : list) {
    Value::Array elements;
    for (const auto& e : o.elements) elements.push_back(errors_value(e));
    Value v = errors_value(o.all);
    outputs.push_back(v.add("output", o.output)
                          .add("unit", o.unit)
                          .add("action", o.action)
                          .add("elements", elements));
  }
  return outputs;
}

std::string accuracy_text(const std::vector<policy::OutputAccuracy>& list) {
  std::string text;
  for (const auto& o : list) {
    text += fmt::format(
        "    {:<10} error rms {:.3g}, p99 {:.3g}, max {:.3g}{}{} (spread "
        "{:.3g})\n",
        o.output, o.all.rms, o.all.p99, o.all.max, o.unit.empty() ? "" : " ",
        o.unit, o.all.spread);
  }
  return text;
}

Value timing_value(const policy::Timing& t) {
  return Value()
      .add("samples", t.samples)
      .add("calls_per_sample", t.calls)
      .add("min_ns", t.min)
      .add("p50_ns", t.p50)
      .add("p99_ns", t.p99)
      .add("p999_ns", t.p999)
      .add("max_ns", t.max);
}

Value machine_value() {
  const rt::Caches caches = rt::cpu_caches();
  return Value()
      .add("cpu", rt::cpu_name())
      .add("l1d_bytes", caches.l1d)
      .add("l2_bytes", caches.l2)
      .add("l3_bytes", caches.l3);
}

std::string machine_text() {
  const rt::Caches caches = rt::cpu_caches();
  const std::string cpu = rt::cpu_name();
  return fmt::format("{}, L1d {} KiB, L2 {} KiB", cpu.empty() ? "CPU" : cpu,
                     caches.l1d >> 10, caches.l2 >> 10);
}

}  // namespace tactus::cli
