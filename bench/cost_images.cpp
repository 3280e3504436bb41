// SPDX-License-Identifier: MIT
#include "cost_images.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <utility>

#include "cost_rows.hpp"
#include "safety/seal.hpp"

using namespace tactus;
using namespace tactus::safety;

namespace bench {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr double kInf = std::numeric_limits<double>::infinity();

// The sizes that all work depends on.
struct Size {
  uint32_t joints = 7;
  uint32_t samples = 32;
  uint32_t spheres = 20;
  uint32_t centres = 1;
  uint32_t commands = 8;
};

void add_chain(const Size& size, Image& image) {
  kin::Chain& chain = image.chain;
  chain.joints = size.joints;
  for (uint32_t j = 0; j < size.joints; ++j) {
    kin::Joint& joint = chain.joint[j];
    joint.lo = -2.8;
    joint.hi = 2.8;
    joint.velocity = 2;
    joint.origin.p[2] = 0.9 / size.joints;
    joint.axis[1] = j % 2;
    joint.axis[2] = 1 - j % 2;
    kin::finish_joint(joint);
  }
  for (uint32_t i = 0; i < size.spheres; ++i) {
    kin::Sphere& s = chain.sphere[chain.spheres++];
    s.link = s.body = 1 + i % size.joints;
    s.center[0] = 0.02;
    s.center[2] = 0.3 / size.joints;
    s.radius = 0.05;
  }
  chain.bodies = size.joints + 1;
}

void add_signal(Image& image, const char* name, uint32_t count) {
  Signal& s = image.signal[image.signals++];
  std::snprintf(s.name, sizeof s.name, "%s", name);
  s.count = count;
  s.stale = StaleRule::kStop;
  s.max_age_ns = 100 * kMs;
  std::fill_n(s.lo, count, -100.0F);
  std::fill_n(s.hi, count, 100.0F);
}

void add_commit(Image& image) {
  Commit& c = image.commit;
  c.period_ns = kMs;
  c.commit_ns = 900'000;
  c.guardian_bound_ns = kMs;
  c.repeat_ns = kMs;
  c.actuator_delay_ns = 4 * kMs;
  c.lag_ns = 20 * kMs;
  c.misses = 3;
  c.model_error = 0.002;
  c.standstill_speed = 0.002;
  c.standstill_ns = 50 * kMs;
  std::fill_n(c.decel, kMaxJoints, 6.0);
  std::fill_n(c.jerk, kMaxJoints, 300.0);
}

std::unique_ptr<Image> plain(const Size& size) {
  auto image = std::make_unique<Image>();
  image->kind = OutputKind::kJointVelocity;
  image->joints = size.joints;
  add_chain(size, *image);
  add_signal(*image, "q", size.joints);
  add_signal(*image, "dq", size.joints);
  add_signal(*image, "hand", 3 * size.centres);
  image->signal[kHand].sphere = 1;
  image->signal[kHand].radius = 0.08;
  add_signal(*image, "torque", size.joints);
  image->q_signal = 0;
  image->dq_signal = 1;
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    image->action_lo[j] = -1;
    image->action_hi[j] = 1;
    image->action_rate[j] = 12;
    image->position_lo[j] = -kInf;
    image->position_hi[j] = kInf;
    image->velocity[j] = kInf;
  }
  add_row(*image, RowKernel::kActionBox, 0);
  add_row(*image, RowKernel::kActionRate, 0);
  add_commit(*image);
  image->ladder = {kRungPass | kRungStop, 4, size.samples, 0};
  return image;
}

bool keep(std::string name, const Size& size, std::unique_ptr<Image> image,
          std::vector<CostImage>& out) {
  if (auto ok = seal(*image); !ok) {
    fmt::print(stderr, "bench cost: {}: {}\n", name, ok.error().text());
    return false;
  }
  out.push_back({std::move(name), std::move(image), size.commands});
  return true;
}

std::vector<Size> sizes() {
  std::vector<Size> out;
  for (const uint32_t joints : {2U, 4U, 7U, 12U, 16U})
    for (const uint32_t samples : {16U, 32U, 64U, 128U})
      out.push_back({joints, samples, 20, 1, 8});
  for (const uint32_t spheres : {2U, 60U, 200U})
    out.push_back({7, 32, spheres, 1, 8});
  for (const uint32_t commands : {1U, 30U, 100U})
    out.push_back({7, 32, 20, 1, commands});
  return out;
}

}  // namespace

std::vector<CostImage> cost_images() {
  std::vector<CostImage> out;
  for (const Size& size : sizes())
    if (!keep("plain", size, plain(size), out)) return {};
  for (const Kind& kind : kinds())
    for (const uint32_t count : kind.count) {
      const Size size;
      auto image = plain(size);
      kind.add(*image, count);
      if (!keep(fmt::format("{} {}", count, kind.name), size, std::move(image),
                out))
        return {};
    }
  for (const auto& [centres, samples] :
       {std::pair{4U, 32U}, {20U, 32U}, {4U, 16U}, {4U, 128U}}) {
    const Size size{7, samples, 20, centres, 8};
    auto image = plain(size);
    add_humans(*image, 2);
    if (!keep("centres", size, std::move(image), out)) return {};
  }
  return out;
}

std::vector<CostImage> project_images() {
  std::vector<CostImage> out;
  for (const uint32_t spheres : {6U, 20U, 60U})
    for (const uint32_t count : {1U, 6U})
      for (const uint32_t people : {0U, 1U, 4U}) {
        const Size size{7, 32, spheres, 1, 8};
        auto image = plain(size);
        add_project_rows(*image, count, people);
        image->ladder.rungs |= kRungProject;
        if (!keep("project", size, std::move(image), out)) return {};
      }
  return out;
}

}  // namespace bench
