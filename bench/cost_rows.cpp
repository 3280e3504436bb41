// SPDX-License-Identifier: MIT
#include "cost_rows.hpp"

#include <algorithm>
#include <cstdio>

using namespace tactus;
using namespace tactus::safety;

namespace bench {

void add_row(Image& image, RowKernel kernel, uint32_t index) {
  Row& row = image.row[image.rows];
  std::snprintf(row.id, sizeof row.id, "row%u", image.rows++);
  row.kernel = kernel;
  row.kind = RowKind::kHard;
  row.index = index;
  row.scale = 1;
}

namespace {

void boxes(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    image.box[image.boxes] = {"box", {-9, -9, -9}, {9, 9, 9}, {}};
    add_row(image, RowKernel::kKeepIn, image.boxes++);
  }
  image.boxes_in = image.boxes;
}
void outs(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    image.box[image.boxes] = {"out", {4, 4, 4}, {5, 5, 5}, {}};
    add_row(image, RowKernel::kKeepOut, image.boxes++);
  }
}
void turned(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    TurnedBox& box = image.turned_box[k];
    box = {"box",
           {-1, -1, -1},
           {1, 1, 1},
           {4, 4, 4},
           {{0.6, 0.8, 0}, {-0.8, 0.6, 0}, {0, 0, 1}},
           {}};
    add_row(image, RowKernel::kTurnedOut, image.turned++);
  }
}
void capsules(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    image.capsule[k] = {"post", {3, 0, 0}, {3, 0, 1}, 0.1, {}};
    add_row(image, RowKernel::kCapsuleOut, image.capsules++);
  }
}
void faces(Image& image, uint32_t count) {
  const uint32_t each = count >= kMaxHulls ? count / kMaxHulls : 1;
  for (uint32_t left = count; left >= each && image.hulls < kMaxHulls;
       left -= each) {
    Hull& hull = image.hull[image.hulls];
    hull = {"hull", image.faces, each, {}};
    for (uint32_t f = 0; f < each; ++f)
      image.face[image.faces++] = {{1, 0, 0}, -4};
    add_row(image, RowKernel::kHullOut, image.hulls++);
  }
}
void pairs(Image& image, uint32_t count) {
  const auto& chain = image.chain;
  for (uint32_t a = 0; a < chain.joints; ++a)
    for (uint32_t b = a + 1; b < chain.joints && image.pairs < count; ++b) {
      const uint32_t first = image.pairs;
      for (; image.pairs < first + count / 8 + 1; ++image.pairs)
        image.pair[image.pairs] = {static_cast<uint16_t>(a),
                                   static_cast<uint16_t>(b)};
      image.pair_group[image.pair_groups++] = {chain.sphere[a].link,
                                               chain.sphere[b].link, first,
                                               image.pairs - first};
    }
  image.selves = 1;
  add_row(image, RowKernel::kSelf, 0);
}
void humans(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    image.human[k] = {kHand, 0, 0.05, 1.6, 0, 0.015, 0.005};
    add_row(image, RowKernel::kSeparation, image.humans);
    add_row(image, RowKernel::kSeparationNow, image.humans++);
  }
}
void contacts(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    image.dynamics.contact[k] = {kHand, 0, 0, 150, 25000, 40,
                                 10,    0, 1, 0,   0,     0};
    add_row(image, RowKernel::kContact, image.dynamics.contacts++);
  }
}
void linears(Image& image, uint32_t count, LinearOf of) {
  for (uint32_t k = 0; k < count; ++k) {
    Linear& row = image.linear[k];
    std::fill_n(row.a, image.joints, 0.5);
    row.b = 100;
    row.of = of;
    add_row(image, RowKernel::kLinear, image.linears++);
  }
}
void action_linears(Image& image, uint32_t count) {
  linears(image, count, LinearOf::kAction);
}
void position_linears(Image& image, uint32_t count) {
  linears(image, count, LinearOf::kPosition);
}
void trajectories(Image& image, uint32_t) {
  Trajectory& limit = image.dynamics.trajectory;
  limit.limited = kLimitAcceleration | kLimitJerk;
  std::fill_n(limit.acceleration, kMaxJoints, 12.0);
  std::fill_n(limit.jerk, kMaxJoints, 1e4);
  for (const RowKernel kernel :
       {RowKernel::kJointAcceleration, RowKernel::kJointJerk,
        RowKernel::kJointViable})
    add_row(image, kernel, 0);
}
void torques(Image& image, uint32_t count) {
  Dynamics& all = image.dynamics;
  for (uint32_t k = 0; k < count; ++k) {
    all.load[k].signal = kTorqueSignal;
    std::fill_n(all.load[k].limit, kMaxJoints, 1000.0);
    add_row(image, RowKernel::kTorque, k);
  }
  all.torques = all.forces = all.loads = count;
}
void masses(Image& image, uint32_t count) {
  Dynamics& all = image.dynamics;
  for (uint32_t k = 0; k < count; ++k)
    all.mass[all.masses++] = {1 + k % image.joints, 0, 1, 0.1, 0.01};
  all.energy = 1e6;
  add_row(image, RowKernel::kEnergy, 0);
}
void barriers(Image& image, uint32_t count) {
  outs(image, 1);
  Dynamics& all = image.dynamics;
  for (uint32_t k = 0; k < count; ++k) {
    all.barrier[k] = {BarrierOf::kBox, image.boxes - 1, 1, 0, {5, 0}};
    add_row(image, RowKernel::kBarrier, all.barriers++);
  }
}

// `count` operations, one after the other, on `inputs` of joints' places.
void program(Image& image, ExprCode code, uint32_t inputs, uint32_t count) {
  Expressions& all = image.expressions;
  all.version = kExprVersion;
  all.count = 1;
  ExprProgram& p = all.program[static_cast<uint32_t>(ExprWhen::kMotion)];
  p.constants = 1;
  p.constant[0] = 1;
  p.inputs = inputs;
  for (uint32_t i = 0; i < inputs; ++i)
    p.input[i] = {
        ExprSource::kPosition, 0, i % image.joints, 0, 0.1, 0, -1e3, 1e3};
  const uint32_t fixed = 1 + 2 * inputs;
  constexpr uint32_t kTemporaries = 32;
  p.registers = fixed + kTemporaries;
  for (uint32_t i = 0; i < count; ++i) {
    const auto out = static_cast<uint16_t>(fixed + i % kTemporaries);
    const auto last =
        static_cast<uint16_t>(i == 0 ? 1 : fixed + (i - 1) % kTemporaries);
    p.op[p.ops++] = {code, out, last, 0, 0};
  }
  Expression& e = all.expression[0];
  e.unit[0] = '1';
  e.when = ExprWhen::kMotion;
  e.hi = static_cast<uint16_t>(fixed + (count - 1) % kTemporaries);
  e.lo = kNoRegister;
  e.ops = count;
  e.max = 1e300;
  add_row(image, RowKernel::kExpression, 0);
}
template <ExprCode code>
void operations(Image& image, uint32_t count) {
  program(image, code, 1, count);
}
void inputs(Image& image, uint32_t count) {
  program(image, ExprCode::kAdd, count, 1);
}

constexpr Kind kAll[] = {
    {"boxes", boxes, {2, 6, 16}},
    {"boxes out", outs, {2, 6, 16}},
    {"boxes with a pose", turned, {2, 4, 8}},
    {"capsules", capsules, {4, 16, 64}},
    {"faces", faces, {8, 32, 128}},
    {"pairs", pairs, {64, 512, 4000}},
    {"humans", humans, {1, 3, 8}},
    {"contacts", contacts, {2, 6, 16}},
    {"linear, u", action_linears, {16, 64, 256}},
    {"linear, q", position_linears, {16, 64, 256}},
    {"trajectory", trajectories, {1, 1, 1}},
    {"torques", torques, {4, 8, 16}},
    {"masses", masses, {4, 16, 64}},
    {"barriers", barriers, {2, 6, 16}},
    {"inputs", inputs, {2, 16, 64}},
    {"additions", operations<ExprCode::kAdd>, {50, 300, 1500}},
    {"products", operations<ExprCode::kMul>, {50, 300, 1500}},
    {"minima", operations<ExprCode::kMin>, {50, 300, 1500}},
    {"quotients", operations<ExprCode::kDiv>, {50, 300, 1500}},
    {"roots", operations<ExprCode::kSqrt>, {50, 300, 1500}},
    {"sines", operations<ExprCode::kSin>, {20, 100, 500}},
};

}  // namespace

void add_humans(Image& image, uint32_t count) { humans(image, count); }

std::span<const Kind> kinds() { return kAll; }

void add_project_rows(Image& image, uint32_t count, uint32_t people) {
  for (uint32_t k = 0; k < count; ++k) {
    image.box[image.boxes] = {"cell", {-0.5, -0.5, -0.5}, {0.5, 0.5, 0.75}, {}};
    add_row(image, RowKernel::kKeepIn, image.boxes++);
  }
  image.boxes_in = image.boxes;
  outs(image, count);
  humans(image, people);
  position_linears(image, 1);
  image.row[image.rows - 1].kind = RowKind::kSoft;
}

}  // namespace bench
