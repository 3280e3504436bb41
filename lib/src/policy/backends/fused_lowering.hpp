// SPDX-License-Identifier: MIT
// From the optimised graph to the fused backend's program. An operator is a
// row of kRules in fused_lower.cpp: the first rule that takes a node makes its
// steps, what none takes is boxed.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/backends/fused_program.hpp"
#include "policy/backends/fused_view.hpp"
#include "policy/ir/rewrite.hpp"
#include "policy/kernels/select_gemv.hpp"
#include "policy/onnx/model.hpp"

namespace tactus::policy::fused {

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
  // Each: false if it does not take the node.
  using Rule = Result<bool> (Lowering::*)(const ir::Node&);
  struct RuleRow {
    std::string_view op;
    Rule rule;
  };
  static const RuleRow kRules[];

  Result<void> lower(const ir::Node& node);
  Result<bool> lower_reshape(const ir::Node& node);
  Result<bool> lower_linear(const ir::Node& node);
  Result<bool> lower_recurrent(const ir::Node& node);
  void lower_boxed(const ir::Node& node);
  Result<bool> lower_affine(const ir::Node& node);
  Result<bool> lower_activation(const ir::Node& node);
  Result<bool> lower_binary(const ir::Node& node);
  Result<bool> lower_slice(const ir::Node& node);
  Result<bool> lower_concat(const ir::Node& node);
  Result<bool> lower_transpose(const ir::Node& node);
  Result<bool> lower_pad(const ir::Node& node);
  Result<bool> lower_expand(const ir::Node& node);
  Result<bool> lower_gather(const ir::Node& node);
  // More than one row.
  Result<bool> lower_rows(const ir::Node& node);
  Result<bool> lower_matmul(const ir::Node& node);
  Result<bool> lower_gemm(const ir::Node& node);
  Result<bool> lower_softmax(const ir::Node& node);
  Result<bool> lower_argmax(const ir::Node& node);
  Result<bool> lower_layer_norm(const ir::Node& node);
  Result<bool> lower_group_norm(const ir::Node& node);
  Result<bool> lower_reduce(const ir::Node& node);
  Result<bool> lower_grid(const ir::Node& node);
  Result<bool> lower_where(const ir::Node& node);
  Result<bool> lower_conv(const ir::Node& node);
  Result<bool> lower_conv_transpose(const ir::Node& node);
  Result<bool> lower_pool(const ir::Node& node);
  Result<bool> lower_recurrent_rows(const ir::Node& node);
  void lies_by_time(const ir::Node& node, std::size_t y);
  void join_states(Id out, const ir::Node& node,
                   const std::vector<std::size_t>& states);
  bool fuse(const ir::Node& node, const kernels::ActivationEntry& entry);
  void push(const Step& step, Id made);
  void stays_finite(const ir::Node& node);
  Result<void> choose_set();
  Result<void> check_kernels();
  Result<void> check_packed();
  std::string_view next_asked();
  Result<const kernels::Gemv*> choose(const kernels::Matrix& m, bool finite);
  const kernels::Gemv* time(const kernels::Matrix& m, bool finite);
  // y = W x + b; `made` takes its place where it is a value's.
  Result<Step> gemv(const kernels::Matrix& m, std::size_t x, bool finite,
                    Id made);
  // fused_tiers.cpp: which layer is rounded to what.
  void find_edges();
  Result<kernels::Format> format_of(const ir::Node& node, std::size_t k) const;
  Result<const Range*> range_of(Id value) const;
  Result<void> add_steps(kernels::InputSteps& to, kernels::Format format,
                         Id value, std::size_t count) const;
  // By the calibration; of a constant what it is, 0 for none.
  [[nodiscard]] Result<double> reach_of(Id value) const;
  // The k floats at x, rounded, to a place of their own: Step::y.
  Step quantise(std::size_t x, const kernels::Matrix& m);
  Step padded(std::size_t x, std::size_t k);
  std::size_t input_of(Id value, const kernels::Matrix& m, bool& finite);
  [[nodiscard]] const kernels::ActivationEntry* activation_of(
      std::string_view op) const;
  Result<void> judge_tier();
  std::size_t reserve(Id id, std::size_t floats = 0);
  std::size_t scratch(std::size_t floats);
  // Where a value lies dense: it is moved there if it is only looked at.
  std::size_t place_of(Id id);
  View view_of(Id id);
  void lies(Id id, const View& view);
  std::size_t dense(const View& view);
  void move(const View& from, const View& to);
  // `floats` from y on are made, and wait for an activation.
  void push_tensor(TensorStep step, std::size_t y, std::size_t floats, Id made);
  // Makes `made`, at the y that it returns.
  std::size_t push_rows(RowsStep step, std::string_view kernel, Id made);
  void push_grid(kernels::GridKernel kernel, View x, View other,
                 const Dims& dims, std::size_t y, Id made);
  bool pick(const ir::Node& node, const View& from, const Dims& at);
  std::size_t table(const Dims& at);
  bool has_nothing(const ir::Node& node) const;
  Dims matmul_layout(const ir::Node& node) const;
  View readable_columns(Id id);
  // Room for bias and weights of `groups` products of step's n, k and rows.
  void reserve_weights(ProductStep& step, std::size_t groups = 1);
  void pack_weights(const ProductStep& step, std::size_t group,
                    const kernels::Matrix& m);
  // From one group's to the next's.
  [[nodiscard]] int64_t packed_floats(const ProductStep& step) const;
  void start_at_zero(ProductStep& step);
  bool push_product(ProductStep step, const Dims& at, const Walk& outer,
                    Id made);
  void completes(Id made, std::size_t y);
  std::size_t pack_parts(const ir::Node& node, std::size_t size);
  [[nodiscard]] std::size_t size_of(Id id) const {
    return static_cast<std::size_t>(graph_.at(id).size());
  }
  // Integers are not: a float's rounding would be seen in them.
  [[nodiscard]] bool may_round(Id id) const {
    return onnx::is_floating(graph_.at(id).dtype);
  }
  friend class Cell;
  friend class RecurrentLowering;
  friend class RecurrentRows;
  friend class TransposedLowering;
  friend class WindowLowering;
  friend class Windowed;
  // fused_slow.cpp: which column of the inputs a place holds or is made of
  // alone, and layers in two parts.
  void number_columns();
  void carry_columns(std::size_t from, std::size_t to, std::size_t count);
  [[nodiscard]] std::size_t column_at(std::size_t place) const {
    return place < column_.size() ? column_[place] : kNowhere;
  }
  [[nodiscard]] bool is_slow(std::size_t column) const;
  Result<bool> lower_split(const ir::Node& node, const kernels::Matrix& m);
  struct Split;
  Result<Step> slow_part(const Split& split, Id made);
  Result<Step> fast_part(const Split& split, Id made);
  void add_kernel(std::string_view name, std::size_t n, std::size_t k);

  const CompileInput& input_;
  std::shared_ptr<Graph> owned_;
  Graph& graph_;
  std::unique_ptr<const ir::Uses> uses_;
  Program program_;
  std::vector<std::size_t> offset_;    // of each value; kNowhere: not yet
  std::vector<Dims> stride_;           // of those that do not lie dense
  std::vector<const ir::Node*> user_;  // of each value: its last
  Id last_made_ = ir::kNone;           // by the last step, whole
  std::size_t top_ = 0;
  std::vector<std::pair<std::size_t, Id>> constants_;
  std::map<Dims, std::size_t> tables_;  // in Program::places
  struct Fill {
    std::size_t at, count;
    float value;
  };
  std::vector<Fill> fills_;  // what padding holds, if not zero
  // By value: padding behind it is finite, so zero weights cancel it.
  std::vector<bool> finite_beyond_;
  std::vector<std::size_t> column_;  // by place; kNowhere: of none alone
  // By time: layers of one shape share what was measured for the first.
  struct Timed {
    std::size_t n, k;
    kernels::Format format;
    bool finite;
    const kernels::Gemv* gemv;
  };
  std::vector<Timed> timed_;
  int64_t timing_left_ns_ = kernels::kTimedModel;
  // By value: it follows a matrix product, it leads to one.
  std::vector<bool> follows_, leads_;
  struct Quantised {
    Id value;
    kernels::Format format;
    std::size_t at;
  };
  std::vector<Quantised> quantised_;
  // The kernels to take (empty: by the options), and what is left of them.
  std::string_view wanted_, asked_;
};

}  // namespace tactus::policy::fused
