// SPDX-License-Identifier: MIT
#include "safety/limits_fuzz.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "safety/present.hpp"
#include "safety/scenes.hpp"

namespace tactus::safety {
namespace {

constexpr uint32_t kHalvings = 40;
constexpr int kUlps = 2;        // to both sides of an edge
constexpr uint64_t kStep = 16;  // cases between two lines of progress

bool accepted(tactus_rung rung) {
  return rung == TACTUS_RUNG_PASS || rung == TACTUS_RUNG_SCALE ||
         rung == TACTUS_RUNG_PROJECT;
}

template <class T>
bool same_bits(const T& a, const T& b) {
  return std::ranges::equal(std::as_bytes(std::span(&a, 1)),
                            std::as_bytes(std::span(&b, 1)));
}

bool same_output(const ShieldOutput& a, const ShieldOutput& b) {
  return a.rung == b.rung && a.may_engage == b.may_engage &&
         a.stop_unverified == b.stop_unverified && a.worst_row == b.worst_row &&
         a.worst_link == b.worst_link && same_bits(a.margin, b.margin) &&
         same_bits(a.mean_score, b.mean_score) &&
         same_bits(a.separation_m, b.separation_m) &&
         same_bits(a.scale, b.scale) && a.violated == b.violated &&
         a.reasons == b.reasons && a.stale == b.stale &&
         same_bits(a.action, b.action) && a.plan_id == b.plan_id &&
         same_bits(a.row, b.row);
}

std::vector<const Kernel*> kernels_here() {
  std::vector<const Kernel*> out;
  for (const rt::Isa isa : rt::kIsas) {
    if (!rt::isa_here(isa)) continue;
    const Kernel* kernel = &kernel_for(isa);
    if (out.empty() || out.back() != kernel) out.push_back(kernel);
  }
  return out;
}

class Fuzz {
 public:
  Fuzz(const Image& image, const FuzzAsk& ask)
      : image_(image), ask_(ask), kernels_(kernels_here()) {}

  FuzzResult run() {
    result_.kernels = static_cast<uint32_t>(kernels_.size());
    for (uint64_t i = 0; i < ask_.cases && !result_.finding; ++i) {
      seed_ = ask_.seed + i;
      one();
      ++result_.cases;
      if (ask_.progress && i % kStep == 0) ask_.progress(i);
    }
    return result_;
  }

 private:
  void one();
  bool judge(const Scene& scene);
  void find(std::string what) {
    if (!result_.finding) result_.finding = {seed_, std::move(what)};
  }
  void edge(Scenes& scenes, const Scene& base);
  template <class Move>
  void search(const Scene& base, Move&& move);
  void to_humans(Scenes& scenes, const Scene& base);
  void to_action(Scenes& scenes, const Scene& base);
  void to_joint(Scenes& scenes, const Scene& base, uint32_t signal);
  void spoil(Scenes& scenes, const Scene& base);
  void must_stop(const Scene& scene, const char* what, const char* where);
  void spoil_values(Scenes& scenes, const Scene& base, uint32_t signal);
  void spoil_stamps(const Scene& base, uint32_t signal);
  void spoil_cycle(Scenes& scenes, const Scene& base);

  const Image& image_;
  const FuzzAsk& ask_;
  std::vector<const Kernel*> kernels_;
  uint64_t seed_ = 0;
  FuzzResult result_;
};

// Every kernel on this cycle; what one accepts must hold. True: accepted.
bool Fuzz::judge(const Scene& scene) {
  ShieldOutput first;
  ShieldState first_state;
  for (const Kernel* kernel : kernels_) {
    ShieldState state = scene.state;
    ShieldOutput out;
    kernel->check(image_, state, scene.in, out);
    ++result_.checks;
    if (kernel == kernels_.front()) {
      first = out;
      first_state = state;
    } else if (!same_output(first, out) ||
               !same_bits(first_state.candidate, state.candidate)) {
      find(fmt::format("kernels {} and {} differ",
                       rt::isa_name(kernels_.front()->isa),
                       rt::isa_name(kernel->isa)));
    }
  }
  if (!accepted(first.rung)) return false;
  ++result_.accepted;
  const ShieldState& s = scene.state;
  const float* last =
      s.head > 0 ? s.history[(s.head - 1) % kHistory].u : s.before;
  if (auto bad = action_violation(image_, last, first); !bad.empty())
    find("let out: " + bad);
  if (auto bad = present_violation(image_, scene.in); !bad.empty())
    find("let out as it stands: " + bad);
  return true;
}

// `move(t, scene)` for t in [0, 1]: to the edge between what is accepted and
// what is not, wherever there is one, and a few ulps beside it.
template <class Move>
void Fuzz::search(const Scene& base, Move&& move) {
  const auto ask = [&](double t) {
    Scene scene = base;
    move(t, scene);
    return judge(scene);
  };
  double a = 0, b = 1;
  const bool at_a = ask(a);
  if (at_a == ask(b)) return;
  ++result_.edges;
  for (uint32_t i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (a + b);
    (ask(middle) == at_a ? a : b) = middle;
  }
  double below = a, above = b;
  for (int i = 0; i < kUlps; ++i) {
    below = std::nextafter(below, 0.0);
    above = std::nextafter(above, 1.0);
    (void)ask(below);
    (void)ask(above);
  }
}

void Fuzz::to_humans(Scenes& scenes, const Scene& base) {
  if (image_.humans == 0) return;
  const Scenes::Place place =
      scenes.near_robot(base, scenes.pick(image_.humans));
  search(base, [&](double t, Scene& s) { Scenes::put(place, 3 * t, s); });
}

void Fuzz::to_action(Scenes& scenes, const Scene& base) {
  std::array<float, kMaxJoints> way{};
  for (uint32_t j = 0; j < image_.joints; ++j)
    way[j] = static_cast<float>(scenes.draw(-2, 2));
  search(base, [&](double t, Scene& s) {
    const ShieldState& from = s.state;
    for (uint32_t j = 0; j < image_.joints; ++j)
      s.action[j] = from.before[j] + static_cast<float>(t * t) * way[j];
  });
}

// One joint's position or velocity, over its whole range and beyond.
void Fuzz::to_joint(Scenes& scenes, const Scene& base, uint32_t signal) {
  const uint32_t j = scenes.pick(image_.joints);
  const double from = double{base.value[signal][j]};
  const double way = scenes.draw(0, 1) < 0.5 ? -4 : 4;
  search(base, [&](double t, Scene& s) {
    s.value[signal][j] = static_cast<float>(from + t * t * way);
  });
}

void Fuzz::edge(Scenes& scenes, const Scene& base) {
  switch (seed_ % 4) {
    case 0:
      return to_humans(scenes, base);
    case 1:
      return to_action(scenes, base);
    case 2:
      return to_joint(scenes, base, image_.q_signal);
    default:
      return to_joint(scenes, base, image_.dq_signal);
  }
}

void Fuzz::must_stop(const Scene& scene, const char* what, const char* where) {
  ++result_.spoilt;
  for (const Kernel* kernel : kernels_) {
    ShieldState state = scene.state;
    ShieldOutput out;
    kernel->check(image_, state, scene.in, out);
    ++result_.checks;
    if (out.rung == TACTUS_RUNG_STOP && !out.may_engage) continue;
    find(fmt::format("{} in {} was not a stop", what, where));
  }
}

void Fuzz::spoil_values(Scenes& scenes, const Scene& base, uint32_t signal) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const Signal& s = image_.signal[signal];
  const uint32_t k = scenes.pick(s.count);
  const auto with = [&](float value, const char* what) {
    Scene scene = base;
    scene.value[signal][k] = value;
    must_stop(scene, what, s.name);
  };
  with(std::numeric_limits<float>::quiet_NaN(), "NaN");
  with(kInf, "Inf");
  with(-kInf, "-Inf");
  if (std::isfinite(s.hi[k]))
    with(std::nextafter(s.hi[k], kInf), "out of range");
  if (std::isfinite(s.lo[k]))
    with(std::nextafter(s.lo[k], -kInf), "out of range");
}

void Fuzz::spoil_stamps(const Scene& base, uint32_t signal) {
  const Signal& s = image_.signal[signal];
  const auto with = [&](int64_t stamp, const char* what) {
    Scene scene = base;
    scene.in.stamp_ns[signal] = stamp;
    must_stop(scene, what, s.name);
  };
  with(base.in.now_ns + 1, "a stamp in the future");
  with(base.state.last_stamp_ns[signal] - 1, "time going back");
  bool fallback = s.stale == StaleRule::kFallback;  // declared values stand in
  for (uint32_t k = 0; k < s.count; ++k)
    fallback = fallback && base.value[signal][k] == s.fallback[k];
  if (fallback) return;
  with(base.in.now_ns - s.max_age_ns - 1, "a stale stamp");
  with(0, "no stamp");
}

void Fuzz::spoil_cycle(Scenes& scenes, const Scene& base) {
  const uint32_t j = scenes.pick(image_.joints);
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), kInf, -kInf}) {
    Scene scene = base;
    scene.action[j] = value;
    must_stop(scene, "NaN or Inf", "the action");
  }
  Scene scene = base;
  scene.in.action_valid = false;
  must_stop(scene, "no action", "the cycle");
  scene = base;
  scene.in.guardian_stale = true;
  must_stop(scene, "a stale guardian", "the cycle");
  scene = base;
  scene.in.now_ns = scene.state.last_now_ns - 1;
  must_stop(scene, "time going back", "the cycle");
  scene = base;
  scene.in.blend = std::numeric_limits<float>::quiet_NaN();
  must_stop(scene, "NaN", "the blend");
}

void Fuzz::spoil(Scenes& scenes, const Scene& base) {
  const uint32_t signal = scenes.pick(image_.signals);
  spoil_values(scenes, base, signal);
  spoil_stamps(base, signal);
  spoil_cycle(scenes, base);
}

void Fuzz::one() {
  Scenes scenes(image_, *kernels_.front(), seed_);
  Scene base;
  scenes.next(base);
  spoil(scenes, base);
  // What is judged as it stands must be seen as it stands.
  for (uint32_t i = 0; i < image_.signals; ++i)
    base.in.stamp_ns[i] = base.in.now_ns;
  (void)judge(base);
  edge(scenes, base);
}

}  // namespace

FuzzResult fuzz_limits(const Image& image, const FuzzAsk& ask) {
  return Fuzz(image, ask).run();
}

json::Value to_value(const FuzzResult& r) {
  json::Value finding;
  if (r.finding)
    finding.add("seed", r.finding->seed).add("what", r.finding->what);
  return json::Value()
      .add("cases", r.cases)
      .add("checks", r.checks)
      .add("accepted", r.accepted)
      .add("edges", r.edges)
      .add("spoilt", r.spoilt)
      .add("kernels", r.kernels)
      .add("finding", finding);
}

std::string to_text(const FuzzResult& r) {
  std::string out = fmt::format(
      "{} cases, {} checks on {} kernels; {} accepted, {} at an edge, {} "
      "spoilt inputs\n",
      r.cases, r.checks, r.kernels, r.accepted, r.edges, r.spoilt);
  if (!r.finding) return out + "nothing found\n";
  return out + fmt::format("found: {}: again with --seed {} --cases 1\n",
                           r.finding->what, r.finding->seed);
}

}  // namespace tactus::safety
