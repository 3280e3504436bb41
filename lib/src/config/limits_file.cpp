// SPDX-License-Identifier: MIT
#include "config/limits_file.hpp"

namespace tactus::config {

Result<LimitsFile> load_limits(const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  auto file = read_file(*document);
  if (!file) return file.error();
  auto shield = load_shield(*document, timing_of(*file));
  if (!shield) return shield.error();
  if (auto ok = document->finish(); !ok) return ok.error();
  return LimitsFile{std::move(*shield), std::move(*file)};
}

CheckTime check_time(const File& file) {
  return {.left_ns = file.stage.check_ns - file.stage.infer_ns,
          .deadline_ns = file.stage.check_ns};
}

}  // namespace tactus::config
