// SPDX-License-Identifier: MIT
// From the optimised graph to the fused backend's program.
#include <algorithm>
#include <memory>

#include "core/error.hpp"
#include "policy/backends/fused_program.hpp"
#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"
#include "policy/kernels/select_gemv.hpp"

namespace tactus::policy::fused {
namespace {

using ir::Graph;
using ir::Id;

class Lowering {
 public:
  explicit Lowering(const CompileInput& input)
      : input_(input),
        owned_(std::make_shared<Graph>(input.graph)),
        graph_(*owned_) {}
  Result<Program> run();

 private:
  Result<void> lower(const ir::Node& node);
  Result<bool> lower_linear(const ir::Node& node);
  Result<bool> lower_recurrent(const ir::Node& node);
  void lower_boxed(const ir::Node& node);
  bool lower_affine(const ir::Node& node);
  bool lower_activation(const ir::Node& node);
  bool lower_binary(const ir::Node& node);
  bool lower_slice(const ir::Node& node);
  bool lower_concat(const ir::Node& node);
  bool fuse(const ir::Node& node, const kernels::ActivationEntry& entry);
  void push(const Step& step, Id made);
  void stays_finite(const ir::Node& node);
  Result<void> choose_set();
  std::string_view next_asked();
  Result<const kernels::Gemv*> choose(const kernels::Matrix& m, bool finite);
  // y = W x + b; `made` takes its place where it is a value's.
  Result<Step> gemv(const kernels::Matrix& m, std::size_t x, bool finite,
                    Id made);
  std::size_t reserve(Id id, std::size_t floats = 0);
  std::size_t scratch(std::size_t floats);
  std::size_t place_of(Id id);
  std::size_t pack_parts(const ir::Node& node, std::size_t size);
  [[nodiscard]] std::size_t size_of(Id id) const {
    return static_cast<std::size_t>(graph_.at(id).size());
  }
  friend class RecurrentLowering;
  void add_kernel(const char* name, std::size_t n, std::size_t k);

  const CompileInput& input_;
  std::shared_ptr<Graph> owned_;
  Graph& graph_;
  std::unique_ptr<const ir::Uses> uses_;
  Program program_;
  std::vector<std::size_t> offset_;  // of each value; kNowhere: not yet
  Id last_made_ = ir::kNone;         // by the last step, whole
  std::size_t top_ = 0;
  std::vector<std::pair<std::size_t, Id>> constants_;
  // By value: padding behind it is finite, so zero weights cancel it.
  std::vector<bool> finite_beyond_;
  // What is left of the kernels that were asked for.
  std::string_view asked_;
};

// Room for whole blocks, and for what a kernel writes past them.
std::size_t Lowering::reserve(Id id, std::size_t floats) {
  const std::size_t at = top_;
  offset_[static_cast<std::size_t>(id)] = at;
  top_ += blocks_of(std::max(size_of(id), floats)) * kBlock;
  return at;
}

// Zero until a step writes it.
std::size_t Lowering::scratch(std::size_t floats) {
  const std::size_t at = top_;
  top_ += blocks_of(floats) * kBlock;
  return at;
}

// A constant is put into the arena when first read.
std::size_t Lowering::place_of(Id id) {
  const std::size_t at = offset_[static_cast<std::size_t>(id)];
  if (at != kNowhere || !graph_.at(id).constant) return at;
  constants_.emplace_back(top_, id);
  return reserve(id);
}

void Lowering::add_kernel(const char* name, std::size_t n, std::size_t k) {
  program_.kernels += fmt::format(";{}:{}", name, n);
  if (k) program_.kernels += fmt::format("x{}", k);
}

// The name of the next "gemvNAME:…" of what was asked for; "": none is left.
std::string_view Lowering::next_asked() {
  while (!asked_.empty()) {
    const std::size_t end = std::min(asked_.find(';'), asked_.size());
    const std::string_view entry = asked_.substr(0, end);
    asked_.remove_prefix(std::min(end + 1, asked_.size()));
    if (entry.starts_with("gemv")) return entry.substr(4, entry.find(':') - 4);
  }
  return {};
}

Result<const kernels::Gemv*> Lowering::choose(const kernels::Matrix& m,
                                              bool finite) {
  const auto beyond =
      finite ? kernels::Beyond::kWithinBlock : kernels::Beyond::kForbidden;
  if (input_.kernels.empty()) {
    return input_.choice == KernelChoice::kTimed
               ? &kernels::by_time(*program_.set, m, beyond)
               : &kernels::by_rule(*program_.set, m, beyond);
  }
  const std::string_view name = next_asked();
  const kernels::Gemv* g = kernels::find_gemv(*program_.set, name);
  if (g != nullptr && kernels::fits(*program_.set, *g, m, beyond)) return g;
  return unavailable(
      "{}: kernels '{}' were asked for; this build has no '{}' for a layer of "
      "{}x{}: replay with the build that recorded",
      input_.label, input_.kernels, name, m.n, m.k);
}

Result<Step> Lowering::gemv(const kernels::Matrix& m, std::size_t x,
                            bool finite, Id made) {
  const auto chosen = choose(m, finite);
  if (!chosen) return chosen.error();
  Step step;
  step.kind = StepKind::kGemv;
  step.gemv = *chosen;
  step.shape = kernels::shape_of(*program_.set, *step.gemv, m.n, m.k);
  const std::size_t last = (step.shape.panels - 1) * step.gemv->outputs;
  const std::size_t floats = last + step.gemv->written;
  step.x = x;
  step.y = made == ir::kNone ? scratch(floats) : reserve(made, floats);
  step.count = blocks_of(m.n);
  step.weights = program_.weights.size();
  program_.weights.resize(step.weights + step.shape.floats(), 0.0F);
  kernels::pack(*program_.set, *step.gemv, m,
                program_.weights.data() + step.weights);
  add_kernel((std::string("gemv") + step.gemv->name).c_str(), m.n, m.k);
  return step;
}

Result<bool> Lowering::lower_linear(const ir::Node& node) {
  if (!ir::is_single_row(graph_, node)) return false;
  if (!graph_.is_constant(node.in[1])) return false;
  const auto& dims = graph_.at(node.in[1]).dims;
  kernels::Matrix m;
  m.n = static_cast<std::size_t>(dims[0]);
  m.k = static_cast<std::size_t>(dims[1]);
  m.w = ir::data_of(graph_, node.in[1]).data();
  if (node.in[2] != ir::kNone) m.b = ir::data_of(graph_, node.in[2]).data();
  const auto step =
      gemv(m, place_of(node.in[0]),
           finite_beyond_[static_cast<std::size_t>(node.in[0])], node.out[0]);
  if (!step) return step.error();
  // Rows of zeros give zero there. A copy of sums is not certain, nor is what
  // no panel writes: an activation would be applied to it again and again.
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      step->gemv->written == step->gemv->outputs &&
      step->shape.panels * step->gemv->outputs >= step->count * kBlock;
  push(*step, node.out[0]);
  return true;
}

void Lowering::push(const Step& step, Id made) {
  program_.steps.push_back(step);
  last_made_ = made;
}

std::size_t Lowering::pack_parts(const ir::Node& node, std::size_t size) {
  const std::size_t at = program_.weights.size();
  program_.weights.resize(at + blocks_of(size) * 3 * kBlock);
  for (std::size_t part = 0; part < 3; ++part) {
    const Id id = node.in[part + 1];
    for (std::size_t i = 0; i < size; ++i) {
      const double value = id == ir::kNone ? (part == 1 ? 1.0 : 0.0)
                                           : ir::data_of(graph_, id)[i];
      const std::size_t block = i / kBlock * 3 * kBlock;
      program_.weights[at + block + part * kBlock + i % kBlock] =
          static_cast<float>(value);
    }
  }
  return at;
}

bool Lowering::lower_affine(const ir::Node& node) {
  Step step;
  step.kind = StepKind::kAffine;
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size_of(node.out[0]));
  stays_finite(node);  // zero parts there
  step.weights = pack_parts(node, size_of(node.out[0]));
  add_kernel("affine", size_of(node.out[0]), 0);
  push(step, node.out[0]);
  return true;
}

// Padding stays finite if the input's is; a chain of Exp need not.
void Lowering::stays_finite(const ir::Node& node) {
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      node.op != "Exp" && finite_beyond_[static_cast<std::size_t>(node.in[0])];
}

// Into the step before, when that has room and nothing else reads its value.
bool Lowering::fuse(const ir::Node& node,
                    const kernels::ActivationEntry& entry) {
  // By value, not by place: a slice shares the place of what it cuts.
  if (node.in[0] != last_made_ || uses_->count(node.in[0]) != 1) return false;
  Step& last = program_.steps.back();
  if (last.activation) return false;
  last.activation = entry.apply;
  std::ranges::transform(node.reals, last.params,
                         [](double r) { return static_cast<float>(r); });
  offset_[static_cast<std::size_t>(node.out[0])] = last.y;
  stays_finite(node);
  return true;
}

bool Lowering::lower_activation(const ir::Node& node) {
  const auto* entry = kernels::find_activation(*program_.set, node.op);
  if (!entry || node.reals.size() > 2) return false;
  if (fuse(node, *entry)) return true;
  Step step;
  step.kind = StepKind::kUnary;
  step.x = place_of(node.in[0]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size_of(node.out[0]));
  step.activation = entry->apply;
  finite_beyond_[static_cast<std::size_t>(node.out[0])] =
      finite_beyond_[static_cast<std::size_t>(node.in[0])];
  std::ranges::transform(node.reals, step.params,
                         [](double r) { return static_cast<float>(r); });
  push(step, node.out[0]);
  return true;
}

struct BinaryKernel {
  std::string_view op;
  kernels::Binary kernels::KernelSet::* kernel;
};
constexpr BinaryKernel kBinary[] = {{"Add", &kernels::KernelSet::add},
                                    {"Sub", &kernels::KernelSet::sub},
                                    {"Mul", &kernels::KernelSet::mul},
                                    {"Div", &kernels::KernelSet::div}};

bool Lowering::lower_binary(const ir::Node& node) {
  const auto* found = std::ranges::find(kBinary, node.op, &BinaryKernel::op);
  const std::size_t size = size_of(node.out[0]);
  if (found == std::end(kBinary) || size_of(node.in[0]) != size ||
      size_of(node.in[1]) != size) {
    return false;
  }
  Step step;
  step.kind = StepKind::kBinary;
  step.binary = program_.set->*found->kernel;
  step.x = place_of(node.in[0]);
  step.other = place_of(node.in[1]);
  step.y = reserve(node.out[0]);
  step.count = blocks_of(size);
  push(step, node.out[0]);
  return true;
}

// A contiguous slice is only a place; one observation has nothing else.
bool Lowering::lower_slice(const ir::Node& node) {
  const auto& in = graph_.at(node.in[0]).dims;
  const auto& out = graph_.at(node.out[0]).dims;
  int64_t start = 0, stride = 1;
  bool cut = false;
  for (std::size_t d = in.size(); d-- > 0;) {
    if (cut && out[d] != 1) return false;
    if (out[d] > 1 && node.ints[in.size() + d] != 1) return false;
    start += node.ints[d] * stride;
    stride *= in[d];
    cut = cut || out[d] != in[d];
  }
  offset_[static_cast<std::size_t>(node.out[0])] =
      place_of(node.in[0]) + static_cast<std::size_t>(start);
  return true;
}

bool Lowering::lower_concat(const ir::Node& node) {
  const auto& dims = graph_.at(node.out[0]).dims;
  for (int64_t d = 0; d < node.ints[0]; ++d) {
    if (dims[static_cast<std::size_t>(d)] != 1) return false;
  }
  std::size_t y = reserve(node.out[0]);
  for (const Id id : node.in) {
    Step step;
    step.x = place_of(id);
    step.y = y;
    step.count = size_of(id);
    push(step, ir::kNone);
    y += step.count;
  }
  return true;
}

// An LSTM or GRU for one observation as steps over blocks of `held` floats,
// one per gate. ONNX operator specification: gates i, o, f, c of LSTM-14;
// z, r, h of GRU-14.
class RecurrentLowering {
 public:
  RecurrentLowering(Lowering& lowering, const ir::Node& node)
      : l_(lowering),
        node_(node),
        steps_(dim(0, 0)),
        in_(dim(0, 2)),
        hidden_(static_cast<std::size_t>(node.ints[0])),
        held_(blocks_of(hidden_) * kBlock),
        gates_(node.op == "LSTM" ? 4 : 3) {}

  // One direction forward, one row, constant weights, not a long sequence.
  [[nodiscard]] bool fits() const {
    const Graph& g = l_.graph_;
    const bool constant =
        g.is_constant(node_.in[1]) && g.is_constant(node_.in[2]) &&
        (node_.in[3] == ir::kNone || g.is_constant(node_.in[3]));
    return constant && dim(0, 1) == 1 && node_.ints[1] == 1 &&
           node_.ints[2] == 0 && steps_ <= kMostSteps;
  }
  Result<void> run();

 private:
  static constexpr std::size_t kMostSteps = 64;

  [[nodiscard]] std::size_t dim(std::size_t input, std::size_t axis) const {
    return static_cast<std::size_t>(l_.graph_.at(node_.in[input]).dims[axis]);
  }
  [[nodiscard]] double w(std::size_t gate, std::size_t row,
                         std::size_t i) const {
    return ir::data_of(l_.graph_,
                       node_.in[1])[(gate * hidden_ + row) * in_ + i];
  }
  [[nodiscard]] double r(std::size_t gate, std::size_t row,
                         std::size_t i) const {
    return ir::data_of(l_.graph_,
                       node_.in[2])[(gate * hidden_ + row) * hidden_ + i];
  }
  // of: 0 the input's, 1 the state's.
  [[nodiscard]] double bias(std::size_t of, std::size_t gate,
                            std::size_t row) const {
    if (node_.in[3] == ir::kNone) return 0;
    return ir::data_of(l_.graph_,
                       node_.in[3])[(of * gates_ + gate) * hidden_ + row];
  }
  [[nodiscard]] bool resets_late() const { return node_.ints[3] != 0; }

  // Rows of gate `gate` at block `at` of a matrix over [x, h].
  struct Parts {
    bool x, h;
  };
  void fill(std::vector<double>& m, std::vector<double>& b, std::size_t at,
            std::size_t gate, Parts parts) const {
    const std::size_t k = in_ + hidden_;
    for (std::size_t row = 0; row < hidden_; ++row) {
      double* to = m.data() + (at * held_ + row) * k;
      for (std::size_t i = 0; parts.x && i < in_; ++i) to[i] = w(gate, row, i);
      for (std::size_t i = 0; parts.h && i < hidden_; ++i)
        to[in_ + i] = r(gate, row, i);
      b[at * held_ + row] = (parts.x ? bias(0, gate, row) : 0) +
                            (parts.h ? bias(1, gate, row) : 0);
    }
  }
  Result<void> make_gemv();
  Result<void> make_late_gemv();

  void copy(std::size_t from, std::size_t to, std::size_t floats) {
    Step s;
    s.x = from;
    s.y = to;
    s.count = floats;
    l_.push(s, ir::kNone);
  }
  void binary(kernels::Binary f, std::size_t x, std::size_t other,
              std::size_t y) {
    Step s;
    s.kind = StepKind::kBinary;
    s.binary = f;
    s.x = x;
    s.other = other;
    s.y = y;
    s.count = held_ / kBlock;
    l_.push(s, ir::kNone);
  }
  void activate(std::string_view op, std::size_t x, std::size_t y,
                std::size_t gates) {
    Step s;
    s.kind = StepKind::kUnary;
    s.activation = kernels::find_activation(*l_.program_.set, op)->apply;
    s.x = x;
    s.y = y;
    s.count = gates * held_ / kBlock;
    l_.push(s, ir::kNone);
  }
  void lstm_step();
  void gru_step();
  // The state's begin: the operand's, or zero.
  void begin(std::size_t input, std::size_t state) {
    const Id id = node_.in[input];
    const std::size_t zero = id == ir::kNone ? l_.scratch(hidden_) : 0;
    copy(id == ir::kNone ? zero : l_.place_of(id), state, hidden_);
  }
  void alias(std::size_t output, std::size_t at) {
    const Id id = node_.out[output];
    l_.offset_[static_cast<std::size_t>(id)] = at;
  }

  Lowering& l_;
  const ir::Node& node_;
  std::size_t steps_, in_, hidden_, held_, gates_;
  Step gemv_, late_;
  std::size_t xh_ = 0, h_ = 0, c_ = 0, t_ = 0, rh_ = 0;
};

Result<void> RecurrentLowering::make_gemv() {
  const bool lstm = node_.op == "LSTM";
  const std::size_t blocks = lstm || resets_late() ? 4 : 3;
  std::vector<double> m(blocks * held_ * (in_ + hidden_)), b(blocks * held_);
  for (std::size_t gate = 0; gate < (lstm ? 4U : 2U); ++gate)
    fill(m, b, gate, gate, {true, true});
  if (!lstm) fill(m, b, 2, 2, {true, false});
  if (!lstm && resets_late()) fill(m, b, 3, 2, {false, true});
  const auto step = l_.gemv({m.data(), b.data(), blocks * held_, in_ + hidden_},
                            xh_, true, ir::kNone);
  if (!step) return step.error();
  gemv_ = *step;
  return lstm || resets_late() ? Result<void>() : make_late_gemv();
}

// The candidate's product with r h, which is known only after r.
Result<void> RecurrentLowering::make_late_gemv() {
  std::vector<double> m(held_ * hidden_), b(held_);
  for (std::size_t row = 0; row < hidden_; ++row) {
    for (std::size_t i = 0; i < hidden_; ++i)
      m[row * hidden_ + i] = r(2, row, i);
    b[row] = bias(1, 2, row);
  }
  rh_ = l_.scratch(held_);
  const auto step =
      l_.gemv({m.data(), b.data(), held_, hidden_}, rh_, true, ir::kNone);
  if (!step) return step.error();
  late_ = *step;
  return {};
}

void RecurrentLowering::lstm_step() {
  const kernels::KernelSet& k = *l_.program_.set;
  const std::size_t i = gemv_.y, o = i + held_, f = o + held_, g = f + held_;
  activate("Sigmoid", i, i, 3);
  activate("Tanh", g, g, 1);
  binary(k.mul, i, g, i);
  binary(k.mul, f, c_, c_);
  binary(k.add, c_, i, c_);
  activate("Tanh", c_, t_, 1);
  binary(k.mul, o, t_, h_);
}

// h' = n + z (h - n).
void RecurrentLowering::gru_step() {
  const kernels::KernelSet& k = *l_.program_.set;
  const std::size_t z = gemv_.y, r = z + held_, n = r + held_;
  activate("Sigmoid", z, z, 2);
  std::size_t from_h = n + held_;
  if (resets_late()) {
    binary(k.mul, r, from_h, from_h);
  } else {
    binary(k.mul, r, h_, rh_);
    l_.push(late_, ir::kNone);
    from_h = late_.y;
  }
  binary(k.add, n, from_h, n);
  activate("Tanh", n, n, 1);
  binary(k.sub, h_, n, t_);
  binary(k.mul, z, t_, t_);
  binary(k.add, n, t_, h_);
}

Result<void> RecurrentLowering::run() {
  const bool lstm = node_.op == "LSTM";
  xh_ = l_.scratch(in_ + hidden_);
  h_ = l_.scratch(held_);
  c_ = l_.scratch(held_);
  t_ = l_.scratch(held_);
  if (auto ok = make_gemv(); !ok) return ok;
  begin(5, h_);
  if (lstm) begin(6, c_);
  const std::size_t x = l_.place_of(node_.in[0]);
  const std::size_t y = l_.reserve(node_.out[0]);
  for (std::size_t t = 0; t < steps_; ++t) {
    copy(x + t * in_, xh_, in_);
    copy(h_, xh_ + in_, hidden_);
    l_.push(gemv_, ir::kNone);
    lstm ? lstm_step() : gru_step();
    copy(h_, y + t * hidden_, hidden_);
  }
  alias(1, h_);
  if (lstm) alias(2, c_);
  return {};
}

Result<bool> Lowering::lower_recurrent(const ir::Node& node) {
  RecurrentLowering recurrent(*this, node);
  if (!recurrent.fits()) return false;
  if (auto ok = recurrent.run(); !ok) return ok.error();
  return true;
}

// The operator's double kernel, with its operands converted. Outputs that
// nobody reads stay where they are.
void Lowering::lower_boxed(const ir::Node& node) {
  Boxed boxed;
  boxed.node = &node;
  boxed.eval = ir::find_op(node.op)->eval;
  const auto operand = [&](Id id) {
    Operand o;
    o.size = size_of(id);
    o.dims = graph_.at(id).dims;
    o.wide = program_.doubles;
    program_.doubles += o.size;
    return o;
  };
  for (const Id id : node.in) {
    if (id == ir::kNone) {
      boxed.in.emplace_back().omitted = true;
    } else if (graph_.at(id).constant) {
      Operand o;
      static constexpr double kNothing = 0;  // null would mean a variable
      const auto& data = *graph_.at(id).constant;
      o.constant = data.empty() ? &kNothing : data.data();
      o.size = size_of(id);
      o.dims = graph_.at(id).dims;
      boxed.in.push_back(o);
    } else {
      boxed.in.push_back(operand(id));
      boxed.in.back().offset = place_of(id);
    }
  }
  for (const Id id : node.out) {
    boxed.out.push_back(operand(id));
    if (uses_->count(id) > 0) boxed.out.back().offset = reserve(id);
  }
  Step step;
  step.kind = StepKind::kBoxed;
  step.boxed = program_.boxed.size();
  program_.boxed.push_back(std::move(boxed));
  program_.kernels += ";f64:" + node.op;
  push(step, ir::kNone);
}

Result<void> Lowering::lower(const ir::Node& node) {
  using Rule = bool (Lowering::*)(const ir::Node&);
  struct Entry {
    std::string_view op;
    Rule rule;
  };
  constexpr Entry kRules[] = {{"Affine", &Lowering::lower_affine},
                              {"Slice", &Lowering::lower_slice},
                              {"Concat", &Lowering::lower_concat}};
  if (node.op == "Reshape") {
    offset_[static_cast<std::size_t>(node.out[0])] = place_of(node.in[0]);
    return {};
  }
  bool done = false;
  // No panel, no block: the double kernel knows what to do with nothing.
  if (size_of(node.out[0]) == 0) {
    lower_boxed(node);
    return {};
  }
  const auto* entry = std::ranges::find(kRules, node.op, &Entry::op);
  if (node.op == "Linear" || node.op == "LSTM" || node.op == "GRU") {
    const auto lowered =
        node.op == "Linear" ? lower_linear(node) : lower_recurrent(node);
    if (!lowered) return lowered.error();
    done = *lowered;
  } else if (entry != std::end(kRules)) {
    done = (this->*entry->rule)(node);
  } else {
    done = node.in.size() == 1 ? lower_activation(node)
                               : node.in.size() == 2 && lower_binary(node);
  }
  if (!done) lower_boxed(node);
  return {};
}

constexpr std::string_view kPrefix = "fused/2:f32:";

// The machine's, or TACTUS_ISA's, or what the kernels asked for run on.
Result<void> Lowering::choose_set() {
  asked_ = input_.kernels;
  auto isa = rt::choose_isa();
  if (!asked_.empty()) {
    const std::string name(asked_.substr(0, asked_.find(';')));
    if (!name.starts_with(kPrefix))
      return unavailable(
          "{}: kernels '{}' were asked for, this build makes '{}…': replay "
          "with the build that recorded",
          input_.label, input_.kernels, kPrefix);
    isa = rt::choose_isa(name.c_str() + kPrefix.size());
    if (!isa)
      return unavailable("{}: kernels '{}' were asked for: {}", input_.label,
                         input_.kernels, isa.error().text());
  }
  if (!isa) return isa.error();
  program_.set = &kernels::kernel_set(*isa);
  return {};
}

Result<Program> Lowering::run() {
  graph_ = input_.graph;
  ir::optimise(graph_);
  uses_ = std::make_unique<const ir::Uses>(graph_);
  if (auto ok = choose_set(); !ok) return ok.error();
  program_.kernels =
      fmt::format("{}{}", kPrefix, rt::isa_name(program_.set->isa));
  offset_.assign(graph_.values.size(), kNowhere);
  finite_beyond_.assign(graph_.values.size(), false);
  for (const Id id : graph_.inputs) {
    // Written by copy, padding never: it stays zero.
    finite_beyond_[static_cast<std::size_t>(id)] = true;
    program_.inputs.push_back({reserve(id), size_of(id)});
  }
  for (const ir::Node& node : graph_.nodes) {
    if (auto ok = lower(node); !ok) return ok.error();
  }
  for (const Id id : graph_.outputs) {
    program_.outputs.push_back({place_of(id), size_of(id)});
  }
  // One more block: a slice near the end is read in whole blocks.
  program_.initial.assign(top_ + kBlock, 0.0F);
  for (const auto& [at, id] : constants_) {
    std::ranges::transform(ir::data_of(graph_, id),
                           program_.initial.data() + at,
                           [](double v) { return static_cast<float>(v); });
  }
  program_.graph = owned_;
  program_.ops = count_ops(graph_);
  program_.states = input_.states;
  return std::move(program_);
}

}  // namespace

Result<Program> lower(const CompileInput& input) {
  return Lowering(input).run();
}

}  // namespace tactus::policy::fused
