// SPDX-License-Identifier: MIT
#include "config/limits_file.hpp"

#include "config/program_file.hpp"

namespace tactus::config {

Result<LimitsFile> load_limits(const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  const bool of_program = is_program_file(*document);
  auto file = of_program ? read_program_file(*document) : read_file(*document);
  if (!file) return file.error();
  Timing timing = timing_of(*file);
  // Its model's contract says so; no other kind is accepted anywhere.
  if (of_program && !document->root().has("policy"))
    timing.kind = safety::OutputKind::kJointVelocity;
  auto shield = load_shield(*document, timing);
  if (!shield) return shield.error();
  if (auto ok = document->finish(); !ok) return ok.error();
  return LimitsFile{std::move(*shield), std::move(*file)};
}

CheckTime check_time(const File& file) {
  return {.left_ns = file.stage.check_ns - file.stage.infer_ns,
          .deadline_ns = file.stage.check_ns};
}

}  // namespace tactus::config
