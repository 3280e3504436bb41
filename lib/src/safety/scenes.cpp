// SPDX-License-Identifier: MIT
#include "safety/scenes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kin/fk.hpp"

namespace tactus::safety {
namespace {

constexpr uint64_t kCycle = 1000;
constexpr double kOpen = 2;  // rad or m, for what has no limit

double or_open(double value, double open) {
  return std::isfinite(value) ? value : open;
}

}  // namespace

Scene& Scene::operator=(const Scene& other) {
  value = other.value;
  action = other.action;
  in = other.in;
  state = other.state;
  bind();
  return *this;
}

void Scene::bind() {
  for (uint32_t i = 0; i < kMaxSignals; ++i) in.value[i] = value[i].data();
  in.action = action.data();
}

uint32_t commands_in_flight(const Image& image, const Scene& scene) {
  const int64_t seen = std::min(scene.in.stamp_ns[image.q_signal],
                                scene.in.stamp_ns[image.dq_signal]);
  const uint64_t held = std::min<uint64_t>(scene.state.head, kHistory);
  const Command* begin = scene.state.history;
  return static_cast<uint32_t>(
      std::count_if(begin, begin + held, [&](const Command& c) {
        return c.sent_ns + image.commit.actuator_delay_ns > seen;
      }));
}

double Scenes::draw(double lo, double hi) {
  return lo + (hi - lo) * std::uniform_real_distribution<double>(0, 1)(rng_);
}

uint32_t Scenes::pick(uint32_t count) {
  return static_cast<uint32_t>(rng_() % std::max(count, 1u));
}

float Scenes::inside(const Signal& signal, uint32_t k, double value) const {
  const double lo = or_open(double{signal.lo[k]}, -1e6);
  const double hi = or_open(double{signal.hi[k]}, 1e6);
  return std::clamp(static_cast<float>(value), static_cast<float>(lo),
                    static_cast<float>(hi));
}

void Scenes::begin(Scene& s) {
  reset(s.state);
  s.state.last_life = TACTUS_STATE_ENGAGED;
  s.state.before_known = 1;
  const int64_t period = image_.commit.period_ns;
  s.in.cycle = kCycle;
  s.in.release_ns = static_cast<int64_t>(kCycle) * period;
  s.in.now_ns = s.in.release_ns + period / 4;
  s.in.life = TACTUS_STATE_ENGAGED;
  s.in.blend = 1;
  s.in.action_valid = true;
  s.in.guardian_stale = false;
  for (uint32_t i = 0; i < image_.signals; ++i) {
    const int64_t most = std::min(image_.signal[i].max_age_ns / 2, period);
    s.in.stamp_ns[i] =
        s.in.release_ns - static_cast<int64_t>(draw(0, double(most)));
  }
}

// Watched for long and never violated, or not watched at all; and callbacks
// that find room, or fail.
void Scenes::known(Scene& s) {
  for (uint32_t c = 0; c < image_.callbacks; ++c) {
    s.in.callback[c] = static_cast<float>(image_.callback[c].min + draw(0, 1));
    s.in.callback_fate[c] = draw(0, 1) < 0.9 ? kCallbackGave : kCallbackFailed;
  }
  if (image_.memories == 0 || draw(0, 1) < 0.1) return;
  s.state.memory_of = image_.header.hash;
  s.state.looked_ns = s.in.now_ns - image_.commit.period_ns;
  s.state.past_held = (1u << image_.memories) - 1;
  for (uint32_t m = 0; m < image_.memories; ++m) {
    const Memory& memory = image_.memory[m];
    MemoryState& state = s.state.past_rows[m];
    const bool once = memory.form == MemoryForm::kOnce;
    state.mark_ns = s.state.looked_ns - (once ? 0 : 2 * memory.window_ns);
    if (memory.form != MemoryForm::kAtMost) continue;
    state.slot = s.state.looked_ns / memory.slot_ns;
    state.spent_ns[0] =
        static_cast<int64_t>(draw(0, 1) * double(memory.allowed_ns));
  }
}

void Scenes::robot(Scene& s) {
  const double vigour = draw(0, 1) * draw(0, 1);
  const Signal& q = image_.signal[image_.q_signal];
  const Signal& dq = image_.signal[image_.dq_signal];
  for (uint32_t j = 0; j < image_.joints; ++j) {
    const double lo = or_open(image_.position_lo[j], -kOpen);
    const double hi = or_open(image_.position_hi[j], kOpen);
    const double place = 0.5 * (lo + hi) + draw(-0.4, 0.4) * (hi - lo);
    s.value[image_.q_signal][j] = inside(q, j, place);
    const double most = std::min(or_open(image_.action_hi[j], 1),
                                 or_open(image_.velocity[j], 1));
    const float speed = inside(dq, j, vigour * draw(-0.9, 0.9) * most);
    s.value[image_.dq_signal][j] = speed;
    s.state.before[j] = speed;
    s.action[j] = speed;
  }
}

void Scenes::others(Scene& s) {
  for (uint32_t i = 0; i < image_.signals; ++i) {
    if (i == image_.q_signal || i == image_.dq_signal) continue;
    const Signal& signal = image_.signal[i];
    for (uint32_t k = 0; k < signal.count; ++k) {
      const double lo = or_open(double{signal.lo[k]}, -1);
      const double hi = or_open(double{signal.hi[k]}, 1);
      s.value[i][k] = inside(signal, k, draw(lo, hi));
    }
  }
  for (uint32_t h = 0; h < image_.humans; ++h) put(near_robot(s, h), 3, s);
}

// Commands sent in the cycles before, all the same.
void Scenes::flight(Scene& s) {
  const int64_t period = image_.commit.period_ns;
  for (int64_t k = 8; k > 0; --k) {
    Command& command = s.state.history[s.state.head++ % kHistory];
    command = Command{};
    command.sent_ns = s.in.release_ns - k * period + period / 2;
    for (uint32_t j = 0; j < image_.joints; ++j)
      command.u[j] = s.state.before[j];
  }
}

// The cycle before: what passes there leaves a committed plan.
void Scenes::settle(Scene& s) {
  ShieldOutput out;
  kernel_.check(image_, s.state, s.in, out);
  const Sent sent{.u = out.action,
                  .now_ns = s.in.now_ns + image_.commit.period_ns / 4,
                  .verified = out.rung != TACTUS_RUNG_STOP};
  kernel_.committed(image_, s.state, sent);
}

void Scenes::advance(Scene& s) {
  const int64_t period = image_.commit.period_ns;
  s.in.cycle += 1;
  s.in.release_ns += period;
  s.in.now_ns += period;
  for (uint32_t i = 0; i < image_.signals; ++i) s.in.stamp_ns[i] += period;
  const double t = static_cast<double>(period) * 1e-9;
  const bool wild = draw(0, 1) < 0.1;
  for (uint32_t j = 0; j < image_.joints; ++j) {
    const double step = or_open(image_.action_rate[j], 10) * t;
    const double last = double{s.state.before[j]};
    const double lo = or_open(image_.action_lo[j], -1);
    const double hi = or_open(image_.action_hi[j], 1);
    const double next =
        wild ? draw(lo, hi) : std::clamp(last + draw(-0.9, 0.9) * step, lo, hi);
    s.action[j] = static_cast<float>(next);
  }
}

Scenes::Place Scenes::near_robot(const Scene& s, uint32_t human) {
  const uint32_t signal = image_.human[human].signal;
  Place place;
  place.signal = signal;
  place.first = 3 * pick(image_.signal[signal].count / 3);
  double q[kMaxJoints] = {};
  for (uint32_t j = 0; j < image_.joints; ++j)
    q[j] = double{s.value[image_.q_signal][j]};
  kin::Frames frames;
  kin::forward(image_.chain, q, frames);
  place.reach = image_.signal[signal].radius;
  if (image_.chain.spheres > 0) {
    const auto& ball = image_.chain.sphere[pick(image_.chain.spheres)];
    kin::point(frames, ball.link, ball.center, place.from.data());
    place.reach += ball.radius;
  }
  double length = 0;
  for (double& a : place.way) {
    a = draw(-1, 1);
    length += a * a;
  }
  for (double& a : place.way) a /= std::max(std::sqrt(length), 1e-3);
  return place;
}

void Scenes::put(const Place& place, double distance, Scene& s) {
  for (std::size_t a = 0; a < 3; ++a)
    s.value[place.signal][place.first + a] = static_cast<float>(
        place.from[a] + (place.reach + distance) * place.way[a]);
}

void Scenes::next(Scene& s) {
  begin(s);
  robot(s);
  others(s);
  known(s);
  flight(s);
  settle(s);
  advance(s);
  for (uint32_t h = 0; h < image_.humans; ++h)
    put(near_robot(s, h), 3 * draw(0, 1) * draw(0, 1), s);
}

}  // namespace tactus::safety
