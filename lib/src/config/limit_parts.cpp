// SPDX-License-Identifier: MIT
#include "config/limit_parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "core/error.hpp"
#include "core/text.hpp"

namespace tactus::config {
namespace {

void put(std::string& to, const char* word, const std::string& bytes) {
  to += fmt::format("{} {}\n{}\n", word, bytes.size(), bytes);
}

struct Piece {
  std::string_view word;
  std::string_view bytes;
};

// The next part, taken off `text`; false: it is no part.
bool take(std::string_view& text, Piece& out) {
  const auto space = text.find(' ');
  const auto line = text.find('\n');
  if (line == std::string_view::npos || space >= line) return false;
  out.word = text.substr(0, space);
  std::size_t size = 0;
  const char* end = text.data() + line;
  const auto read = std::from_chars(text.data() + space + 1, end, size);
  if (read.ec != std::errc{} || read.ptr != end) return false;
  text.remove_prefix(line + 1);
  if (size >= text.size() || text[size] != '\n') return false;
  out.bytes = text.substr(0, size);
  text.remove_prefix(size + 1);
  return true;
}

bool keep(const Piece& piece, LimitParts& out) {
  const std::string bytes(piece.bytes);
  auto& files = out.used.file;
  if (piece.word == "file") return files.push_back({bytes, ""}), true;
  if (piece.word == "text" && !files.empty())
    return files.back().text = bytes, true;
  if (piece.word == "disable") return out.edits.disable.push_back(bytes), true;
  if (piece.word == "remove") return out.edits.remove.push_back(bytes), true;
  if (piece.word == "add") return out.edits.add = bytes, true;
  return false;
}

}  // namespace

std::string parts_text(const LimitParts& parts) {
  std::string out;
  for (const auto& file : parts.used.file) {
    put(out, "file", file.path);
    put(out, "text", file.text);
  }
  for (const auto& id : parts.edits.disable) put(out, "disable", id);
  for (const auto& name : parts.edits.remove) put(out, "remove", name);
  if (!parts.edits.add.empty()) put(out, "add", parts.edits.add);
  return out;
}

Result<LimitParts> read_parts(std::string_view text, const std::string& name) {
  LimitParts out;
  out.used.recorded = true;
  while (!text.empty()) {
    Piece piece;
    if (!take(text, piece) || !keep(piece, out))
      return bad_input(
          "log {}: what its limits use is not readable: record it again", name);
  }
  return out;
}

std::string edits_text(const safety::limits::Edits& edits) {
  std::string out;
  const auto say = [&out](const std::string& what) {
    out += (out.empty() ? "" : "; ") + what;
  };
  if (!edits.disable.empty())
    say(fmt::format("disabled: {}", fmt::join(edits.disable, ", ")));
  if (!edits.remove.empty())
    say(fmt::format("removed: {}", fmt::join(edits.remove, ", ")));
  if (!edits.add.empty()) say("added: limits of its own");
  return one_line(out);
}

}  // namespace tactus::config
