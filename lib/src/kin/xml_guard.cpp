// SPDX-License-Identifier: MIT
#include "kin/xml_guard.hpp"

#include "core/error.hpp"

namespace tactus::kin {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr int kMaxDepth = 64;

// Skips `<!-- … -->` from `at`; npos: it has no end.
std::size_t after_comment(std::string_view text, std::size_t at) {
  const auto end = text.find("-->", at);
  return end == std::string_view::npos ? end : end + 3;
}

// The '>' of the tag that begins at `at`, quotes respected.
std::size_t end_of_tag(std::string_view text, std::size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    if (quote != 0 && text[at] == quote)
      quote = 0;
    else if (quote == 0 && (text[at] == '"' || text[at] == '\''))
      quote = text[at];
    else if (quote == 0 && text[at] == '>')
      return at;
  }
  return std::string_view::npos;
}

int depth_change(std::string_view tag) {
  if (tag.starts_with("</")) return -1;
  if (tag.starts_with("<?") || tag.starts_with("<!")) return 0;
  return tag.ends_with('/') ? 0 : 1;
}

}  // namespace

Result<void> check_xml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxBytes)
    return bad_input("{}: {} bytes: a robot description has at most {}", file,
                     text.size(), kMaxBytes);
  if (text.find('\0') != std::string_view::npos)
    return bad_input("{}: a NUL byte: give a text file", file);
  int depth = 0;
  for (std::size_t at = text.find('<'); at != std::string_view::npos;
       at = text.find('<', at)) {
    if (text.substr(at).starts_with("<!--")) {
      at = after_comment(text, at);
      if (at == std::string_view::npos) break;
      continue;
    }
    const auto end = end_of_tag(text, at);
    if (end == std::string_view::npos) break;
    depth += depth_change(text.substr(at, end - at));
    if (depth > kMaxDepth)
      return bad_input("{}: elements nest deeper than {}: close them", file,
                       kMaxDepth);
    at = end;
  }
  return {};
}

}  // namespace tactus::kin
