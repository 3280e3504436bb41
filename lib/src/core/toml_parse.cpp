// SPDX-License-Identifier: MIT
// toml++ behind a plain tree. The only file that includes it.
// With NDEBUG toml++ would take its assertions for granted.
#undef NDEBUG
#include <stdexcept>

namespace tactus::toml {
// toml++ 3.3 asserts on some wrong files ("[`") instead of refusing them.
[[noreturn]] static void refuse_assertion() {
  throw std::logic_error("nothing that begins a key or a value");
}
}  // namespace tactus::toml

#define TOML_ASSERT(expr) \
  ((expr) ? static_cast<void>(0) : ::tactus::toml::refuse_assertion())
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 0
#define TOML_IMPLEMENTATION
// Values nest in practice three deep; toml++ and our copy both recurse.
#define TOML_MAX_NESTED_VALUES 16
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml_node.hpp"

namespace tactus::toml {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;
// A dot nests: toml++ recurses over the result.
constexpr std::ptrdiff_t kMaxDotsPerLine = 256;
constexpr int kMaxDepth = 16;

Position position(const ::toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

bool convert(const ::toml::node& from, int depth, Node& to);

bool convert_table(const ::toml::table& from, int depth, Node& to) {
  to.kind = Kind::kTable;
  for (const auto& [key, value] : from) {
    Node::Entry entry{std::string(key.str()), position(key.source()), {}};
    if (!convert(value, depth + 1, entry.value)) return false;
    to.entries.push_back(std::move(entry));
  }
  std::sort(to.entries.begin(), to.entries.end(),
            [](const Node::Entry& a, const Node::Entry& b) {
              return std::pair(a.at.line, a.at.column) <
                     std::pair(b.at.line, b.at.column);
            });
  return true;
}

bool convert_list(const ::toml::array& from, int depth, Node& to) {
  to.kind = Kind::kList;
  for (const auto& value : from)
    if (!convert(value, depth + 1, to.items.emplace_back())) return false;
  return true;
}

// Dates are nothing here: they stay kAbsent's opposite, a text nobody
// accepts.
bool convert(const ::toml::node& from, int depth, Node& to) {
  to.at = position(from.source());
  if (depth > kMaxDepth) return false;
  if (const auto* table = from.as_table())
    return convert_table(*table, depth, to);
  if (const auto* list = from.as_array()) return convert_list(*list, depth, to);
  if (const auto* text = from.as_string()) {
    to.kind = Kind::kText;
    to.text = text->get();
  } else if (const auto* whole = from.as_integer()) {
    to.kind = Kind::kInteger;
    to.integer = whole->get();
  } else if (const auto* real = from.as_floating_point()) {
    to.kind = Kind::kReal;
    to.real = real->get();
  } else if (const auto* flag = from.as_boolean()) {
    to.kind = Kind::kFlag;
    to.flag = flag->get();
  } else {
    to.kind = Kind::kText;
    to.text = "<date or time>";
  }
  return true;
}

Error too_deep(const std::string& name, Position at) {
  return bad_input("{}:{}:{}: nested too deeply: expected at most {} levels",
                   name, at.line, at.column, kMaxDepth);
}

// The line without its comment: a '#' in a quoted text is none.
std::string_view without_comment(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && c == '#') return line.substr(0, i);
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == '"' && c == '\\') {
      ++i;
    } else if (c == quote) {
      quote = 0;
    }
  }
  return line;
}

// Column (from 0) of what toml++ 3.3 must not see: on letters from U+00A0 on
// it runs into an unreachable point, unless they stand in a comment; and on
// multi-line texts. npos: none.
std::size_t find_unfit(std::string_view line) {
  const auto code = without_comment(line);
  const auto letter = std::find_if(code.begin(), code.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x80;
  });
  if (letter != code.end())
    return static_cast<std::size_t>(letter - code.begin());
  return std::min(line.find("\"\"\""), line.find("'''"));
}

Result<void> check_line(std::string_view line, uint32_t number,
                        const std::string& name) {
  if (std::count(line.begin(), line.end(), '.') > kMaxDotsPerLine)
    return too_deep(name, {number, 1});
  const auto unfit = find_unfit(line);
  if (unfit == std::string_view::npos) return {};
  return bad_input(
      "{}:{}:{}: not TOML as read here: expected ASCII outside comments, "
      "and quoted texts on one line",
      name, number, unfit + 1);
}

Result<void> check_text(std::string_view text, const std::string& name) {
  if (text.size() > kMaxBytes)
    return bad_input("{}: {} bytes: expected at most {}", name, text.size(),
                     kMaxBytes);
  uint32_t number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (auto ok = check_line(text.substr(at, end - at), number, name); !ok)
      return ok;
    at = end + 1;
  }
  return {};
}

}  // namespace

Result<Node> parse_tree(std::string_view text, const std::string& name) {
  if (auto fits = check_text(text, name); !fits) return fits.error();
  try {
    Node root;
    if (!convert(::toml::parse(text, name), 0, root))
      return too_deep(name, {1, 1});
    root.at = {1, 1};
    return root;
  } catch (const ::toml::parse_error& fault) {
    const Position at = position(fault.source());
    return bad_input("{}:{}:{}: not TOML: {}", name, at.line, at.column,
                     one_line(fault.description()));
  } catch (const std::logic_error& fault) {
    return bad_input("{}:1:1: not TOML: {}", name, fault.what());
  }
}

}  // namespace tactus::toml
