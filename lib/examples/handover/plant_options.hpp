// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "plant_witness.hpp"

namespace handover {

struct Options {
  uint64_t seed = 1;
  uint64_t episodes = 0;  // 0: no end
  double duration_s = 0;  // from the first command; 0: no end
  double timeout_s = 0;   // the robot's own; 0: off
  double watchdog_s = 10;
  double wait_s = 30;  // for the first frame of a controller
  bool human = true;
  bool lockstep = false;
  std::string listen = "127.0.0.1:5011";
  std::string peer = "127.0.0.1:5010";
  WitnessOptions witness;
  std::string csv;   // empty: none
  std::string json;  // empty: standard output
};

// Exits 0 on --help, 2 on a wrong option, after one line that says why.
Options parse_options(int argc, char** argv);

}  // namespace handover
