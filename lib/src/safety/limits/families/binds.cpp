// SPDX-License-Identifier: MIT
// Which parts of the robot a keep row binds: links = […] or except = […],
// and a task window: allow = {links = […], when = "contact > 0.5",
// for = "2 s"}.
#include <algorithm>
#include <charconv>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

constexpr int64_t kLongest = 3'600'000'000'000;  // an hour

// Bits of the parts that move.
uint32_t moving(const kin::Chain& chain) {
  uint32_t bits = 0;
  for (uint32_t i = 0; i < chain.spheres; ++i)
    if (chain.sphere[i].link > 0) bits |= 1u << chain.sphere[i].body;
  return bits;
}

std::string known_links(const kin::Chain& chain, uint32_t bits) {
  std::string out;
  for (uint32_t b = 0; b < chain.bodies; ++b)
    if ((bits >> b & 1u) != 0)
      out += (out.empty() ? "" : ", ") + quoted(chain.body_name[b]);
  return out;
}

uint32_t read_links(const toml::Value& value, const kin::Chain& chain) {
  const uint32_t all = moving(chain);
  uint32_t bits = 0;
  for (const auto& item : value.list()) {
    const std::string name = item.text();
    uint32_t b = 0;
    while (b < chain.bodies && name != chain.body_name[b]) ++b;
    if (b == chain.bodies || (all >> b & 1u) == 0)
      item.fail("a link with collision geometry that moves: " +
                known_links(chain, all));
    else
      bits |= 1u << b;
  }
  if (value.present() && bits == 0) value.fail("at least one link");
  return bits;
}

// NAME > LEVEL, NAME[i] < LEVEL.
struct When {
  std::string name;
  uint32_t element = 0;
  bool below = false;
  double level = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

template <class T>
bool whole_number(std::string_view text, T& out) {
  const auto* end = text.data() + text.size();
  const auto done = std::from_chars(text.data(), end, out);
  return done.ec == std::errc{} && done.ptr == end;
}

bool parse_when(std::string_view text, When& out) {
  const auto at = text.find_first_of("<>");
  if (at == std::string_view::npos) return false;
  out.below = text[at] == '<';
  std::string_view name = trimmed(text.substr(0, at));
  if (name.ends_with(']')) {
    const auto open = name.find('[');
    if (open == std::string_view::npos) return false;
    const auto index = name.substr(open + 1, name.size() - open - 2);
    if (!whole_number(index, out.element)) return false;
    name = trimmed(name.substr(0, open));
  }
  out.name = name;
  const bool good = whole_number(trimmed(text.substr(at + 1)), out.level);
  return good && !out.name.empty() && std::abs(out.level) < 1e30;
}

uint32_t signal_of(const toml::Value& value, const When& when,
                   const Input& in) {
  const auto at =
      std::find_if(in.signals.begin(), in.signals.end(),
                   [&](const Signal& s) { return when.name == s.name; });
  if (at == in.signals.end()) {
    value.fail("signal " + quoted(when.name), "a name of [signal]");
    return 0;
  }
  if (when.element >= at->count)
    value.fail(fmt::format("{}[{}]", when.name, when.element),
               fmt::format("one of the signal's {} values", at->count));
  else if (when.level < static_cast<double>(at->lo[when.element]) ||
           when.level > static_cast<double>(at->hi[when.element]))
    value.fail("a level within the signal's range: it would never change");
  return static_cast<uint32_t>(at - in.signals.begin());
}

void read_window(const toml::Table& allow, const Input& in, Binds& binds) {
  const auto value = allow["when"];
  When when;
  if (!parse_when(value.text(), when))
    return value.fail("\"NAME > LEVEL\" or \"NAME[i] < LEVEL\" of a signal");
  Window window{};
  window.signal = signal_of(value, when, in);
  window.element = when.element;
  window.below = when.below ? 1 : 0;
  window.level = when.level;
  window.longest_ns = allow.duration("for");
  if (!(window.longest_ns > 0 && window.longest_ns <= kLongest))
    allow["for"].fail("a duration above zero, at most \"3600 s\"");
  need_room(allow, "when", in.out.windows.size(), kMaxWindows, "windows");
  in.out.windows.push_back(window);
  binds.window = static_cast<uint32_t>(in.out.windows.size());
}

}  // namespace

Binds read_binds(const toml::Table& table, const Input& in) {
  const auto& chain = in.scope.chain;
  Binds binds{};
  const uint32_t all = moving(chain);
  if (table.has("links") && table.has("except"))
    table["except"].fail("links and except", "one of the two");
  if (table.has("links"))
    binds.spared = all & ~read_links(table["links"], chain);
  if (table.has("except")) {
    binds.spared = read_links(table["except"], chain);
    if (binds.spared == all)
      table["except"].fail("a link that is left: nothing would be bound");
  }
  if (!table.has("allow")) return binds;
  const auto allow = table.table("allow");
  if (!allow) return binds;
  binds.allowed = read_links(allow["links"], chain);
  if ((binds.allowed & binds.spared) != 0)
    allow["links"].fail("links that the row binds");
  read_window(allow, in, binds);
  return binds;
}

}  // namespace tactus::safety::limits
