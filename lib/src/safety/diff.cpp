// SPDX-License-Identifier: MIT
#include "safety/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "safety/explain.hpp"

namespace tactus::safety {
namespace {

constexpr const char* kWays[] = {"added",    "removed", "tightened",
                                 "loosened", "changed", "noted"};

Way way_of(const Figure& a, const Figure& b) {
  if (!a.text.empty() || !b.text.empty()) return Way::kChanged;
  const bool up = b.value > a.value;
  switch (b.looser) {
    case Looser::kHigher:
      return up ? Way::kLoosened : Way::kTightened;
    case Looser::kLower:
      return up ? Way::kTightened : Way::kLoosened;
    case Looser::kNeither:
      return Way::kNoted;
    case Looser::kEither:
      break;
  }
  return Way::kChanged;
}

std::string shown(const Figure& f) {
  return f.text.empty() ? fmt::format("{:g}", f.value) : f.text;
}

bool same(const Figure& a, const Figure& b) {
  return a.text == b.text && a.unit == b.unit && a.value == b.value;
}

// Figures of the same thing, matched by name and part.
void figures(const std::string& of, const std::vector<Figure>& a,
             const std::vector<Figure>& b, std::vector<Change>& out) {
  const auto find = [](const std::vector<Figure>& list, const Figure& of_) {
    return std::find_if(list.begin(), list.end(), [&](const Figure& f) {
      return f.name == of_.name && f.part == of_.part;
    });
  };
  const auto alone = [](const Figure& f, Way way) {
    return f.looser == Looser::kNeither ? Way::kNoted : way;
  };
  for (const Figure& x : a) {
    const auto y = find(b, x);
    if (y == b.end())
      out.push_back({alone(x, Way::kRemoved), of, x.name, x.part, shown(x),
                     "none", x.unit});
    else if (!same(x, *y))
      out.push_back(
          {way_of(x, *y), of, x.name, x.part, shown(x), shown(*y), y->unit});
  }
  for (const Figure& y : b)
    if (find(a, y) == a.end())
      out.push_back({alone(y, Way::kAdded), of, y.name, y.part, "none",
                     shown(y), y.unit});
}

// The same change of every part of a row is one.
void join_parts(std::vector<Change>& changes) {
  std::vector<Change> out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    std::size_t last = i;
    const Change& c = changes[i];
    const auto alike = [&c](const Change& d) {
      return c.way == d.way && c.of == d.of && c.figure == d.figure &&
             c.from == d.from && c.to == d.to && c.unit == d.unit;
    };
    while (last + 1 < changes.size() && alike(changes[last + 1])) ++last;
    out.push_back(c);
    if (last > i)
      out.back().part = fmt::format("{} to {}", c.part, changes[last].part);
    i = last;
  }
  changes = std::move(out);
}

using Named = std::pair<std::string, std::vector<Figure>>;
using Things = std::vector<Named>;

void things(const char* what, const Things& a, const Things& b, Way gone,
            std::vector<Change>& out) {
  const auto find = [](const Things& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(),
                        [&](const Named& n) { return n.first == name; });
  };
  for (const Named& x : a) {
    const std::string of = fmt::format("{} {}", what, x.first);
    const auto y = find(b, x.first);
    if (y == b.end())
      out.push_back({gone, of, "", "", "", "", ""});
    else
      figures(of, x.second, y->second, out);
  }
  for (const Named& y : b)
    if (find(a, y.first) == a.end())
      out.push_back({Way::kAdded, fmt::format("{} {}", what, y.first), "", "",
                     "", "", ""});
}

Things rows_of(const Image& image) {
  Things out;
  std::map<std::string, int> seen;
  for (uint32_t r = 0; r < image.rows; ++r) {
    std::string id = image.row[r].id;
    if (const int n = seen[id]++; n > 0) id += fmt::format(" #{}", n + 1);
    out.emplace_back(id, figures_of(image, image.row[r]));
  }
  return out;
}

Things signals_of(const Image& image) {
  constexpr const char* kRules[] = {"none", "stop", "grow", "fallback"};
  Things out;
  for (uint32_t i = 0; i < image.signals; ++i) {
    const Signal& s = image.signal[i];
    std::vector<Figure> f = {
        {"max_age", "", static_cast<double>(s.max_age_ns) * 1e-6, "ms",
         Looser::kHigher, ""},
        {"radius", "", s.radius, "m", Looser::kLower, ""},
        {"stale", "", 0, "", Looser::kEither,
         kRules[std::min<std::size_t>(static_cast<std::size_t>(s.stale),
                                      std::size(kRules) - 1)]},
        {"values", "", static_cast<double>(s.count), "", Looser::kEither, ""}};
    for (uint32_t k = 0; k < s.count; ++k) {
      const std::string part = fmt::format("[{}]", k);
      f.push_back({"least", part, double{s.lo[k]}, s.unit, Looser::kLower, ""});
      f.push_back({"most", part, double{s.hi[k]}, s.unit, Looser::kHigher, ""});
      if (s.stale == StaleRule::kFallback)
        f.push_back({"fallback", part, double{s.fallback[k]}, s.unit,
                     Looser::kEither, ""});
    }
    out.emplace_back(s.name, std::move(f));
  }
  return out;
}

// A constant of the commit rule stands for something true of the robot or the
// loop; declared better than before, the check keeps less for it.
Looser looser_constant(std::string_view name) {
  constexpr std::string_view kLess[] = {
      "period T",        "commit deadline", "misses",         "guardian bound",
      "guardian repeat", "robot time-out",  "actuator delay", "actuator lag",
      "model error",     "standstill time"};
  constexpr std::string_view kDerived[] = {
      "t_s - release(k)", "guardian heartbeat, then rung stop",
      "samples of a motion", "bisections of rung scale"};
  const auto in = [name](const auto& list) {
    return std::find(std::begin(list), std::end(list), name) != std::end(list);
  };
  if (in(kLess)) return Looser::kLower;
  if (in(kDerived)) return Looser::kNeither;
  const bool more = name.starts_with("decel ") || name.starts_with("jerk ") ||
                    name == "standstill speed";
  return more ? Looser::kHigher : Looser::kEither;
}

Things constants_of(const Explanation& e) {
  Things out;
  for (const Constant& c : e.constants)
    out.emplace_back(c.name,
                     std::vector<Figure>{{"value", "", c.value, c.unit,
                                          looser_constant(c.name), ""}});
  return out;
}

// What expressions take for granted of their inputs (`uncertain`, `moves`);
// the programs are shared by all rows.
Things inputs_of(const Image& image) {
  constexpr const char* kSources[] = {"none", "u", "last", "q", "dq"};
  Things out;
  std::map<std::string, int> seen;
  for (const ExprProgram& program : image.expressions.program) {
    for (uint32_t i = 0; i < program.inputs; ++i) {
      const ExprInput& in = program.input[i];
      const auto source = static_cast<std::size_t>(in.source);
      std::string name = fmt::format("{}[{}]",
                                     source < std::size(kSources)
                                         ? kSources[source]
                                         : image.signal[in.signal].name,
                                     in.element);
      if (const int n = seen[name]++; n > 0) name += fmt::format(" #{}", n + 1);
      out.emplace_back(name,
                       std::vector<Figure>{
                           {"uncertain", "", in.error, "", Looser::kLower, ""},
                           {"moves", "", in.rate, "1/s", Looser::kLower, ""}});
    }
  }
  return out;
}

// Their figures are those of rows, signals and constants: told, not judged
// again.
Things assumptions_of(const Explanation& e) {
  Things out;
  for (const Assumption& a : e.assumptions)
    out.emplace_back(a.id, std::vector<Figure>{{"margin", "", a.value, a.unit,
                                                Looser::kNeither, ""}});
  return out;
}

std::string ladder_text(const Explanation& e) {
  return fmt::format("{}", fmt::join(e.ladder, ", "));
}

void robot(const Image& a, const Image& b, std::vector<Change>& out) {
  if (std::ranges::equal(std::as_bytes(std::span(&a.chain, 1)),
                         std::as_bytes(std::span(&b.chain, 1))))
    return;
  const auto text = [](const kin::Chain& c) {
    return fmt::format("{} joints, {} spheres", c.joints, c.spheres);
  };
  out.push_back({Way::kChanged, "robot", "description", "", text(a.chain),
                 text(b.chain), ""});
}

}  // namespace

const char* way_name(Way way) noexcept {
  return kWays[static_cast<std::size_t>(way)];
}

bool Difference::looser() const {
  return std::any_of(changes.begin(), changes.end(), [](const Change& c) {
    return c.way == Way::kRemoved || c.way == Way::kLoosened ||
           c.way == Way::kChanged;
  });
}

Difference compare(const Image& a, const Image& b) {
  Difference out;
  const Explanation ea = explain(a), eb = explain(b);
  if (ea.limit_none != eb.limit_none)
    out.changes.push_back({eb.limit_none ? Way::kLoosened : Way::kTightened,
                           "limit", "", "", ea.limit_none ? "none" : "checked",
                           eb.limit_none ? "none" : "checked", ""});
  things("row", rows_of(a), rows_of(b), Way::kRemoved, out.changes);
  things("signal", signals_of(a), signals_of(b), Way::kRemoved, out.changes);
  // One may be another's now: which way that goes cannot be told.
  things("input", inputs_of(a), inputs_of(b), Way::kChanged, out.changes);
  things("constant", constants_of(ea), constants_of(eb), Way::kChanged,
         out.changes);
  things("assumption", assumptions_of(ea), assumptions_of(eb), Way::kNoted,
         out.changes);
  if (ladder_text(ea) != ladder_text(eb))
    // Every rung's output passes the same check.
    out.changes.push_back({Way::kNoted, "ladder", "rungs", "", ladder_text(ea),
                           ladder_text(eb), ""});
  robot(a, b, out.changes);
  // Never "the same" of images that are not: a figure that is in no list.
  if (out.changes.empty() && a.header.hash != b.header.hash)
    out.changes.push_back(
        {Way::kChanged, "image", "hash", "", ea.hash, eb.hash, ""});
  join_parts(out.changes);
  return out;
}

json::Value to_value(const Difference& d) {
  json::Value::Array list;
  std::array<uint64_t, std::size(kWays)> counts{};
  for (const Change& c : d.changes) {
    ++counts[static_cast<std::size_t>(c.way)];
    list.push_back(json::Value()
                       .add("way", way_name(c.way))
                       .add("of", c.of)
                       .add("figure", c.figure)
                       .add("part", c.part)
                       .add("from", c.from)
                       .add("to", c.to)
                       .add("unit", c.unit));
  }
  json::Value sums = json::Value::object();
  for (std::size_t i = 0; i < counts.size(); ++i) sums.add(kWays[i], counts[i]);
  return json::Value()
      .add("looser", d.looser())
      .add("counts", sums)
      .add("changes", std::move(list));
}

std::string to_text(const Difference& d) {
  std::string out;
  for (const Change& c : d.changes) {
    out += fmt::format("{:<10}{}", way_name(c.way), c.of);
    if (!c.figure.empty()) out += " " + c.figure;
    if (!c.part.empty()) out += " " + c.part;
    if (!c.from.empty() || !c.to.empty())
      out += fmt::format(": {} -> {}{}{}", c.from, c.to,
                         c.unit.empty() ? "" : " ", c.unit);
    out += "\n";
  }
  if (d.changes.empty()) out += "no difference\n";
  return out + (d.looser() ? "something is looser, removed, or changed in a "
                             "way that cannot be told\n"
                           : "nothing is looser\n");
}

}  // namespace tactus::safety
