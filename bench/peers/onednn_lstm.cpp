// SPDX-License-Identifier: MIT
// oneDNN's LSTM primitive for one step of one row, weights in the layout that
// it asks for, one thread (OMP_NUM_THREADS=1). Gates i, f, c, o.
#include <oneapi/dnnl/dnnl.hpp>

#include <cstring>
#include <unordered_map>

#include "peers/lstm.hpp"

namespace bench {
namespace {

using dnnl::lstm_forward;
using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;
using Dim = memory::dim;

class OneDnnLstm : public Peer {
 public:
  explicit OneDnnLstm(const Lstm& l) : Peer("onednn") {
    const auto in = static_cast<Dim>(l.in), hidden = static_cast<Dim>(l.hidden);
    const memory::desc x({1, 1, in}, Type::f32, Tag::tnc);
    const memory::desc h({1, 1, 1, hidden}, Type::f32, Tag::ldnc);
    const memory::desc y({1, 1, hidden}, Type::f32, Tag::tnc);
    const memory::desc w({1, 1, in, 4, hidden}, Type::f32, Tag::any);
    const memory::desc r({1, 1, hidden, 4, hidden}, Type::f32, Tag::any);
    const memory::desc b({1, 1, 4, hidden}, Type::f32, Tag::ldgo);
    const lstm_forward::primitive_desc plan(
        lstm_forward::desc(dnnl::prop_kind::forward_inference,
                           dnnl::rnn_direction::unidirectional_left2right, x, h,
                           h, w, r, b, y, h, h),
        engine_);
    args_ = {{DNNL_ARG_SRC_LAYER, memory(x, engine_)},
             {DNNL_ARG_SRC_ITER, memory(h, engine_)},
             {DNNL_ARG_SRC_ITER_C, memory(h, engine_)},
             {DNNL_ARG_WEIGHTS_LAYER,
              weights(plan.weights_layer_desc(), l.w, l.in, l)},
             {DNNL_ARG_WEIGHTS_ITER,
              weights(plan.weights_iter_desc(), l.r, l.hidden, l)},
             {DNNL_ARG_BIAS, memory(b, engine_)},
             {DNNL_ARG_DST_LAYER, memory(y, engine_)},
             {DNNL_ARG_DST_ITER, memory(h, engine_)},
             {DNNL_ARG_DST_ITER_C, memory(h, engine_)}};
    primitive_ = lstm_forward(plan);
    size_x_ = l.in * sizeof(float);
    size_h_ = l.hidden * sizeof(float);
    for (std::size_t gate = 0; gate < 4; ++gate)
      std::memcpy(at(DNNL_ARG_BIAS) + gate * l.hidden,
                  l.b.data() + kOnnxGate[gate] * l.hidden, size_h_);
    for (const int state : {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C})
      std::memset(at(state), 0, size_h_);
  }
  void run(const float* x, float* y) override {
    std::memcpy(at(DNNL_ARG_SRC_LAYER), x, size_x_);
    primitive_.execute(stream_, args_);
    stream_.wait();
    std::memcpy(at(DNNL_ARG_SRC_ITER), at(DNNL_ARG_DST_ITER), size_h_);
    std::memcpy(at(DNNL_ARG_SRC_ITER_C), at(DNNL_ARG_DST_ITER_C), size_h_);
    std::memcpy(y, at(DNNL_ARG_DST_LAYER), size_h_);
  }

 private:
  // oneDNN's gates i, f, c, o among ONNX's i, o, f, c.
  static constexpr std::size_t kOnnxGate[4] = {0, 2, 3, 1};

  float* at(int argument) {
    return static_cast<float*>(args_.at(argument).get_data_handle());
  }
  memory weights(const memory::desc& wanted, const std::vector<float>& from,
                 std::size_t rows, const Lstm& l) {
    const auto hidden = static_cast<Dim>(l.hidden);
    memory plain(
        {{1, 1, static_cast<Dim>(rows), 4, hidden}, Type::f32, Tag::ldigo},
        engine_);
    auto* to = static_cast<float*>(plain.get_data_handle());
    for (std::size_t i = 0; i < rows; ++i)
      for (const std::size_t gate : kOnnxGate)
        for (std::size_t o = 0; o < l.hidden; ++o)
          *to++ = from[(gate * l.hidden + o) * rows + i];
    memory packed(wanted, engine_);
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    return packed;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> args_;
  std::size_t size_x_ = 0, size_h_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_onednn_lstm(const Lstm& lstm) {
  return std::make_unique<OneDnnLstm>(lstm);
}

}  // namespace bench
