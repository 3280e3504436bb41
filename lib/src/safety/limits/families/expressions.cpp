// SPDX-License-Identifier: MIT
// kind = "expr": NAME = {kind = "expr", expr = "…", max = "…", min = "…"}.
// The language is in expr/parse.hpp; this is what its names stand for.
#include <algorithm>
#include <cfloat>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/expr/parse.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// A motion is over, or not accepted, long before.
constexpr double kHorizon = 10;  // s

class RowNames final : public expr::Names {
 public:
  RowNames(const toml::Table& table, const Input& in)
      : table_(table), in_(in) {}

  std::optional<expr::Term> find(std::string_view name, expr::Tree& tree,
                                 std::string& why) override {
    const Signal* signal = find_signal(name);
    const bool ours = name == "u" || name == "last" || name == "dt";
    if (ours && signal != nullptr) {
      why =
          "another name for the signal: u, last and dt are the command, the "
          "command before it and the time between them";
      return std::nullopt;
    }
    if (name == "dt") return step(tree);
    if (ours) return command(name == "u", tree, why);
    if (signal != nullptr) return observed(*signal, tree, why);
    why = known_names(name);
    return std::nullopt;
  }

  [[nodiscard]] bool is_spheres(std::string_view name) const override {
    const Signal* signal = find_signal(name);
    return signal != nullptr && signal->sphere != 0;
  }

 private:
  [[nodiscard]] const Signal* find_signal(std::string_view name) const {
    const auto at =
        std::find_if(in_.signals.begin(), in_.signals.end(),
                     [&](const Signal& s) { return name == s.name; });
    return at == in_.signals.end() ? nullptr : &*at;
  }

  [[nodiscard]] std::string known_names(std::string_view name) const {
    std::vector<std::string> names{"u", "last", "dt"};
    for (const Signal& s : in_.signals) names.emplace_back(s.name);
    std::string out = "a signal, u, last or dt";
    const auto near = nearest(name, names);
    if (!near.empty()) out += fmt::format(" (is \"{}\" meant?)", near);
    return out;
  }

  [[nodiscard]] expr::Term step(expr::Tree& tree) const {
    ExprInput input{};
    input.source = ExprSource::kStep;
    input.hi = static_cast<double>(in_.scope.period_ns) * 1e-9;
    input.lo = input.hi / kSoonest;
    return {{tree.input(input, kTime)}, false};
  }

  std::optional<expr::Term> command(bool fresh, expr::Tree& tree,
                                    std::string& why) {
    const auto& said =
        in_.out.action_max ? in_.out.action_max : in_.before.action_max;
    if (!said) {
      why = "limit.action max above it: the bound on rounding needs a range";
      return std::nullopt;
    }
    const auto& chain = in_.scope.chain;
    expr::Term out{{}, true};
    for (uint32_t j = 0; j < chain.joints; ++j) {
      ExprInput input{};
      input.source = fresh ? ExprSource::kAction : ExprSource::kLast;
      input.element = j;
      // What was sent before may be what was measured at engage.
      const double most =
          std::max(said->limit[j], fresh ? 0 : chain.joint[j].velocity);
      input.lo = -most;
      input.hi = most;
      if (!std::isfinite(most)) {
        why = "joints with a velocity limit in the urdf";
        return std::nullopt;
      }
      out.part.push_back(tree.input(input, joint_dimension(chain.joint[j], 1)));
    }
    return out;
  }

  std::optional<expr::Term> observed(const Signal& signal, expr::Tree& tree,
                                     std::string& why) {
    const std::string name = signal.name;
    ExprInput input{};
    input.source = ExprSource::kSignal;
    if (name == "q") input.source = ExprSource::kPosition;
    if (name == "dq") input.source = ExprSource::kVelocity;
    input.signal = static_cast<uint32_t>(&signal - in_.signals.data());
    const auto declared = in_.scope.document.root().table("signal").table(name);
    const Dimension unit = declared["unit"].unit().dimension;
    if (!read_doubt(signal, unit, input, why)) return std::nullopt;
    expr::Term out{{}, true};
    for (uint32_t k = 0; k < signal.count; ++k) {
      input.element = k;
      if (!set_range(signal, k, input)) {
        why = fmt::format("range in signal.{}: the bound on rounding needs it",
                          name);
        return std::nullopt;
      }
      out.part.push_back(tree.input(input, unit));
    }
    return out;
  }

  // uncertain = {hand = "15 mm"}, moves = {hand = "1.6 m/s"}.
  bool read_doubt(const Signal& signal, Dimension unit, ExprInput& input,
                  std::string& why) {
    const std::string name = signal.name;
    input.error = doubt("uncertain", name, unit);
    Dimension rate = unit;
    rate.time = static_cast<int8_t>(rate.time - 1);
    input.rate = doubt("moves", name, rate);
    const bool predicted = input.source != ExprSource::kSignal;
    if (input.rate > 0 && predicted) {
      why = "no moves for q and dq: they are predicted";
    } else if (input.rate > 0 && signal.stale == StaleRule::kFallback) {
      why = "no moves for a signal with a fallback";
    } else if (input.rate == 0 && signal.stale == StaleRule::kGrow) {
      why = fmt::format(
          "moves = {{{} = \"1.6 m/s\"}} beside it: what stale = \"grow\" "
          "declares to move is not where it was seen",
          name);
    } else {
      return true;
    }
    return false;
  }
  [[nodiscard]] double doubt(const char* key, const std::string& name,
                             Dimension unit) const {
    if (!table_.has(key)) return 0;
    const auto list = table_.table(key);
    if (!list.has(name)) return 0;
    const double value = list.quantity(name, unit);
    if (!(value >= 0)) list[name].fail("a value of 0 or more");
    return value;
  }

  static bool set_range(const Signal& signal, uint32_t k, ExprInput& input) {
    const double lo = static_cast<double>(signal.lo[k]);
    const double hi = static_cast<double>(signal.hi[k]);
    // A prediction may leave the range; so may what moves.
    const bool predicted = input.source != ExprSource::kSignal;
    const double age = static_cast<double>(signal.max_age_ns) * 1e-9 + kHorizon;
    const double beyond =
        input.error + input.rate * age + (predicted ? hi - lo : 0);
    input.lo = lo - beyond;
    input.hi = hi + beyond;
    if (input.source == ExprSource::kVelocity) {
      input.hi = std::max(input.hi, -input.lo);  // only |dq| is bounded
      input.lo = -input.hi;
    }
    return lo > -static_cast<double>(FLT_MAX) &&
           hi < static_cast<double>(FLT_MAX);
  }

  const toml::Table& table_;
  const Input& in_;
};

void read_limit(const toml::Table& table, const char* key, Dimension unit,
                bool& has, double& limit) {
  has = table.has(key);
  if (!has) return;
  const auto value = table[key];
  const bool bare =
      value.kind() == toml::Kind::kInteger || value.kind() == toml::Kind::kReal;
  limit = bare && unit == Dimension{} ? value.number() : value.quantity(unit);
}

// So that what no name of the expression asks for is reported by its own
// name, not by its table's.
void expect_doubts(const toml::Table& table) {
  for (const char* key : {"uncertain", "moves"})
    if (table.has(key)) static_cast<void>(table.table(key));
}

// What no input can satisfy, and what the stop could not, unless the stop
// need not.
enum class Rest : uint8_t { kMust, kNeedNot };
void check_reach(const toml::Table& table, const expr::Tree& tree,
                 const expr::Ruled& row, Rest rest) {
  const auto beyond = [&](const expr::Node& n) {
    return (row.has_max && n.least > row.max) ||
           (row.has_min && n.most < row.min);
  };
  const auto value = table[row.has_max ? "max" : "min"];
  const expr::Node& all = tree[row.root];
  if (beyond(all))
    return value.fail(fmt::format(
        "a limit that something satisfies: the expression lies in {:g} .. {:g}",
        all.least, all.most));
  if (rest == Rest::kMust && beyond(tree.at_rest()[row.root]))
    value.fail("a limit that zero velocity, the stop, can satisfy");
}

struct Measure {
  Dimension unit;
  double scale;
};

// What "historically" leaves is measured as the expression is, the others in
// seconds.
void add_past(const toml::Table& table, const std::string& name,
              const Measure& expression, PastIr& past, LimitsIr& out) {
  const Memory& m = past.memory;
  const bool once = m.form == MemoryForm::kOnce;
  check_reach(table, out.tree, past.rule, once ? Rest::kNeedNot : Rest::kMust);
  Measure measure = expression;
  if (m.form != MemoryForm::kHistorically) {
    const int64_t ns = once ? m.window_ns : m.allowed_ns;
    measure = {kTime, static_cast<double>(ns) * 1e-9};
  }
  const RowIr row = common(table, name, measure.unit, measure.scale);
  if (m.form == MemoryForm::kHistorically) past.memory.worth = row.scale;
  out.past.push_back({row, past});
}

}  // namespace

void read_expression(const std::string& name, const toml::Table& table,
                     const Input& in) {
  const auto text = table["expr"];
  expr::Ruled row;
  row.text = text.text();
  if (row.text.empty()) return;
  expect_doubts(table);
  RowNames names(table, in);
  expr::Fault fault;
  auto& out = in.out;
  const auto root = expr::parse(row.text, names, out.tree, fault);
  if (!root) return text.fail_within(fault.offset, fault.seen, fault.expected);
  row.root = *root;
  const expr::Node& node = out.tree[*root];
  read_limit(table, "max", node.dimension, row.has_max, row.max);
  read_limit(table, "min", node.dimension, row.has_min, row.min);
  if (!row.has_max && !row.has_min) return table["max"].fail("max or min");
  if (row.has_max && row.has_min && !(row.min <= row.max))
    table["min"].fail("a min that is not above max");
  if (out.expressions.size() + out.past.size() == kMaxExpressions)
    return text.fail(fmt::format("at most {} expressions", kMaxExpressions));
  const double largest = std::max(std::abs(row.max), std::abs(row.min));
  const double scale = largest > 0 ? largest : 1;
  PastIr past{row};
  if (read_past_time(table, in, past.memory))
    return add_past(table, name, {node.dimension, scale}, past, out);
  check_reach(table, out.tree, row, Rest::kMust);
  out.expressions.push_back({common(table, name, node.dimension, scale), row});
}

Result<void> lower_expressions(const LimitsIr& from, Image& to) {
  std::vector<expr::Ruled> rows;
  for (const auto& one : from.expressions) {
    add_row(to, one.row, RowKernel::kExpression,
            static_cast<uint32_t>(rows.size()));
    rows.push_back(one.limit);
  }
  for (const auto& one : from.past) rows.push_back(one.limit.rule);
  lower_past_time(from, to);
  if (expr::emit(from.tree, rows, to.expressions)) return {};
  return bad_input(
      "limit: the expressions together are longer than {} operations, {} "
      "inputs or {} constants: simplify or remove some",
      kMaxExprOps, kMaxExprInputs, kMaxExprConstants);
}

}  // namespace tactus::safety::limits
