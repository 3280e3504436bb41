// SPDX-License-Identifier: MIT
// The phrases of units.hpp: durations, ranges, bounds, counts.
#include <charconv>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

namespace tactus {
namespace {

Error refuse(std::string_view text, std::string_view expected) {
  return bad_input("{}: expected {}", quoted(text), expected);
}

struct TimeUnit {
  std::string_view name;
  int64_t ns;
};
constexpr TimeUnit kTimeUnits[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"min", 60'000'000'000},
    {"h", 3'600'000'000'000},
};

int64_t unit_ns(std::string_view name) {
  for (const TimeUnit& unit : kTimeUnits)
    if (unit.name == name) return unit.ns;
  return 0;
}

struct Decimal {
  int64_t digits = 0;
  int64_t tens = 1;  // value = digits / tens
  std::string_view rest;
};

// At most 15 digits, so that nothing below overflows 128 bits.
bool parse_decimal(std::string_view text, Decimal& out) {
  int count = 0;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point && count > 0) {
      point = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') break;
    if (++count > 15) return false;
    out.digits = out.digits * 10 + (text[i] - '0');
    if (point) out.tens *= 10;
  }
  out.rest = trim(text.substr(i));
  return count > 0 && text[i - 1] != '.';
}

bool parse_whole(std::string_view text, uint32_t& out) {
  text = trim(text);
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, fault] = std::from_chars(begin, end, out);
  return fault == std::errc() && stop == end;
}

// Splits at `word` standing between blanks.
bool split(std::string_view text, std::string_view word,
           std::string_view& before, std::string_view& after) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return false;
  before = trim(text.substr(0, at));
  after = trim(text.substr(at + word.size()));
  return !before.empty() && !after.empty();
}

constexpr std::string_view kUrdf = "urdf";

std::string bound_words(Dimension expected) {
  return describe(expected) +
         ", \"urdf\", \"80 % urdf\" or \"urdf - <margin>\", never wider than "
         "the urdf's";
}

}  // namespace

Result<int64_t> parse_duration(std::string_view text) {
  const std::string expected = describe(kTime);
  Decimal decimal;
  if (!parse_decimal(trim(text), decimal)) return refuse(text, expected);
  const int64_t unit = unit_ns(decimal.rest);
  if (unit == 0) return refuse(text, expected);
  const __int128 product = static_cast<__int128>(decimal.digits) * unit;
  if (product % decimal.tens != 0)
    return refuse(text, "a whole number of nanoseconds");
  const __int128 ns = product / decimal.tens;
  if (ns > INT64_MAX / 4) return refuse(text, "less than 70 years");
  return static_cast<int64_t>(ns);
}

Result<Range> parse_range(std::string_view text, Dimension expected) {
  std::string_view lo_text, hi_text;
  if (!split(text, "..", lo_text, hi_text))
    return refuse(text, "a range \"lo .. hi\", each " + describe(expected));
  const auto lo = parse_quantity(lo_text, expected);
  if (!lo) return lo.error();
  const auto hi = parse_quantity(hi_text, expected);
  if (!hi) return hi.error();
  if (!(*lo < *hi)) return refuse(text, "lo below hi");
  return Range{*lo, *hi};
}

Result<Bound> parse_bound(std::string_view text, Dimension expected) {
  const std::string_view body = trim(text);
  Bound bound;
  if (body == kUrdf) return bound;
  std::string_view before, after;
  if (split(body, " - ", before, after) && before == kUrdf) {
    const auto shrink = parse_quantity(after, expected);
    if (!shrink || *shrink < 0) return refuse(text, bound_words(expected));
    bound.shrink = *shrink;
    return bound;
  }
  if (body.ends_with(" urdf")) {
    const auto scale =
        parse_quantity(body.substr(0, body.size() - kUrdf.size()), kRatio);
    if (!scale || !(*scale > 0 && *scale <= 1))
      return refuse(text, bound_words(expected));
    bound.scale = *scale;
    return bound;
  }
  const auto value = parse_quantity(body, expected);
  if (!value) return refuse(text, bound_words(expected));
  bound.absolute = true;
  bound.value = *value;
  return bound;
}

Result<Sustained> parse_sustained(std::string_view text, Dimension expected) {
  std::string_view value_text, time_text;
  if (!split(text, " for ", value_text, time_text))
    return refuse(
        text, "\"<value> for <duration>\", the value " + describe(expected));
  const auto value = parse_quantity(value_text, expected);
  if (!value) return value.error();
  const auto time = parse_duration(time_text);
  if (!time) return time.error();
  return Sustained{*value, *time};
}

Result<CountOf> parse_count_of(std::string_view text) {
  std::string_view count_text, of_text;
  CountOf out;
  if (!split(text, " of ", count_text, of_text) ||
      !parse_whole(count_text, out.count) || !parse_whole(of_text, out.of) ||
      out.count == 0 || out.count > out.of)
    return refuse(text, "\"3 of 100\" (first number from 1 to the second)");
  return out;
}

Result<WordCount> parse_word_count(std::string_view text) {
  const std::string_view body = trim(text);
  const auto blank = body.find(' ');
  WordCount out;
  out.word = body.substr(0, blank);
  if (out.word.empty()) return refuse(text, "a word such as \"keep_last 2\"");
  if (blank == std::string_view::npos) return out;
  out.has_count = true;
  if (!parse_whole(body.substr(blank), out.count))
    return refuse(text, "a word and a count such as \"keep_last 2\"");
  return out;
}

}  // namespace tactus
