// SPDX-License-Identifier: MIT
// oneDNN's inner product with the activation as a post-operation, weights in
// the layout that it asks for, one thread (OMP_NUM_THREADS=1).
#include <oneapi/dnnl/dnnl.hpp>

#include <cstring>

#include "peers/peer.hpp"

namespace bench {
namespace {

using dnnl::inner_product_forward;
using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;

dnnl::primitive_attr attribute(Act act) {
  dnnl::post_ops ops;
  if (act == Act::kRelu)
    ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  if (act == Act::kTanh)
    ops.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0);
  if (act == Act::kElu)
    ops.append_eltwise(1, dnnl::algorithm::eltwise_elu, 1, 0);
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  return attr;
}

class OneDnn : public Peer {
 public:
  explicit OneDnn(const Net& net) : Peer("onednn"), net_(net) {
    memory previous;
    for (const LayerOf& l : net.layers) {
      steps_.push_back(step(l, previous));
      previous = steps_.back().args.at(DNNL_ARG_DST);
    }
  }
  void run(const float* x, float* y) override {
    std::memcpy(steps_.front().args.at(DNNL_ARG_SRC).get_data_handle(), x,
                net_.inputs() * sizeof(float));
    for (Step& s : steps_) s.primitive.execute(stream_, s.args);
    stream_.wait();
    std::memcpy(y, steps_.back().args.at(DNNL_ARG_DST).get_data_handle(),
                net_.outputs() * sizeof(float));
  }

 private:
  struct Step {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> args;
  };

  Step step(const LayerOf& l, const memory& previous) {
    const auto in = static_cast<memory::dim>(l.in);
    const auto out = static_cast<memory::dim>(l.out);
    const memory::desc src({1, in}, Type::f32, Tag::ab);
    const memory::desc dst({1, out}, Type::f32, Tag::ab);
    const memory::desc bias({out}, Type::f32, Tag::a);
    const memory::desc any({out, in}, Type::f32, Tag::any);
    const inner_product_forward::primitive_desc plan(
        inner_product_forward::desc(dnnl::prop_kind::forward_inference, src,
                                    any, bias, dst),
        attribute(l.act), engine_);
    memory weights(plan.weights_desc(), engine_);
    memory plain({{out, in}, Type::f32, Tag::ab}, engine_,
                 const_cast<float*>(l.w.data()));
    dnnl::reorder(plain, weights).execute(stream_, plain, weights);
    stream_.wait();
    memory b(bias, engine_);
    std::memcpy(b.get_data_handle(), l.b.data(), l.out * sizeof(float));
    return {inner_product_forward(plan),
            {{DNNL_ARG_SRC, previous ? previous : memory(src, engine_)},
             {DNNL_ARG_WEIGHTS, weights},
             {DNNL_ARG_BIAS, b},
             {DNNL_ARG_DST, memory(dst, engine_)}}};
  }

  const Net& net_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<Step> steps_;
};

}  // namespace

Made make_onednn(const Net& net) { return {std::make_unique<OneDnn>(net), {}}; }

}  // namespace bench
