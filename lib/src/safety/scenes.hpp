// SPDX-License-Identifier: MIT
// Random cycles that a limits image may meet, for its own bench and fuzzing:
// an engaged robot somewhere in its range, with commands in flight and a
// committed plan, an action that is mostly a small step on, humans near it.
// The same seed gives the same cycles. Not for the RT thread.
#pragma once

#include <array>
#include <memory>
#include <random>

#include "safety/kernel.hpp"

namespace tactus::safety {

// One cycle's inputs; copying keeps `in` pointing into the copy.
struct Scene {
  std::array<std::array<float, kMaxSignalValues>, kMaxSignals> value{};
  std::array<float, kMaxJoints> action{};
  ShieldInput in;
  ShieldState state;

  Scene() { bind(); }
  Scene(const Scene& other) { *this = other; }
  Scene& operator=(const Scene& other);

 private:
  void bind();
};

// Its commands that took effect after the older of q and dq was observed:
// those that a check moves the robot along.
[[nodiscard]] uint32_t commands_in_flight(const Image& image,
                                          const Scene& scene);

class Scenes {
 public:
  Scenes(const Image& image, const Kernel& kernel, uint64_t seed)
      : image_(image), kernel_(kernel), rng_(seed) {}

  void next(Scene& scene);
  double draw(double lo, double hi);
  [[nodiscard]] uint32_t pick(uint32_t count);
  // One human signal's sphere: `distance` from the surface of a robot sphere
  // to its own, along a direction.
  struct Place {
    uint32_t signal = 0;
    uint32_t first = 0;  // value index of the centre
    std::array<double, 3> from{};
    std::array<double, 3> way{};
    double reach = 0;  // both radii
  };
  [[nodiscard]] Place near_robot(const Scene& scene, uint32_t human);
  static void put(const Place& place, double distance, Scene& scene);

 private:
  void begin(Scene& scene);
  void robot(Scene& scene);
  void known(Scene& scene);
  void others(Scene& scene);
  void flight(Scene& scene);
  void settle(Scene& scene);
  void advance(Scene& scene);
  float inside(const Signal& signal, uint32_t k, double value) const;

  const Image& image_;
  const Kernel& kernel_;
  std::mt19937_64 rng_;
};

}  // namespace tactus::safety
