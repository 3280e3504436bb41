// SPDX-License-Identifier: MIT
#include "plant_options.hpp"

#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace handover {
namespace {

constexpr const char* kHelp =
    "usage: handover-plant [options]\n"
    "A simulated 7-joint arm and a person's hand, speaking tactus/1 over\n"
    "UDP like a robot controller. Prints one JSON summary at the end.\n"
    "  --seed N          names the hand's paths and all noise (1)\n"
    "  --episodes N      ends after N episodes (no end)\n"
    "  --duration T      ends T after the first command (no end)\n"
    "  --no-human        the hand stays out of reach\n"
    "  --lockstep        the plant owns time; waits for each answer\n"
    "  --listen A:P      its own address (127.0.0.1:5011)\n"
    "  --peer A:P        the controller's address (127.0.0.1:5010)\n"
    "  --timeout T|off   brakes by itself after T without commands (off)\n"
    "  --watchdog T      lockstep: a controller silent for T is dead (10s)\n"
    "  --wait T          for a controller's first command (30s)\n"
    "  --witness CPU,PRIORITY  when that processor did not run anything\n"
    "                    of that priority, beside each guardian's stop\n"
    "  --csv FILE        one line per tick: state, command, sender\n"
    "  --json FILE       the summary goes there\n"
    "T is a number and s or ms. Exit: 0 ok, 2 usage, 3 port in use or no\n"
    "controller, 4 permission, 5 controller died in lockstep.\n";

[[noreturn]] void refuse(const char* option, std::string_view value,
                         const char* want) {
  std::fprintf(stderr, "handover-plant: --%s %.*s: not %s; see --help\n",
               option, static_cast<int>(value.size()), value.data(), want);
  std::exit(2);
}

uint64_t count_of(const char* option, std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end) refuse(option, text, "a count");
  return value;
}

double seconds_of(const char* option, std::string_view text) {
  if (text == "off") return 0;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const std::string_view unit(at, static_cast<std::size_t>(end - at));
  if (error != std::errc{} || !(value > 0) || !(value < 1e6) ||
      (unit != "s" && unit != "ms"))
    refuse(option, text, "a time such as 50ms or 10s");
  return unit == "ms" ? value / 1000 : value;
}

// "0,47"
WitnessOptions witness_of(const char* option, std::string_view text) {
  constexpr uint64_t kCpus = 1024, kPriorities = 99;  // CPU_SETSIZE, FIFO's
  const auto comma = std::min(text.find(','), text.size() - 1);
  const uint64_t cpu = count_of(option, text.substr(0, comma));
  const uint64_t priority = count_of(option, text.substr(comma + 1));
  if (cpu >= kCpus || priority == 0 || priority > kPriorities)
    refuse(option, text, "a processor and a priority such as 0,47");
  return {static_cast<int>(cpu), static_cast<int>(priority)};
}

constexpr option kOptions[] = {{"seed", 1, nullptr, 's'},
                               {"episodes", 1, nullptr, 'e'},
                               {"duration", 1, nullptr, 'd'},
                               {"no-human", 0, nullptr, 'n'},
                               {"lockstep", 0, nullptr, 'k'},
                               {"listen", 1, nullptr, 'l'},
                               {"peer", 1, nullptr, 'p'},
                               {"timeout", 1, nullptr, 't'},
                               {"watchdog", 1, nullptr, 'w'},
                               {"wait", 1, nullptr, 'W'},
                               {"csv", 1, nullptr, 'c'},
                               {"json", 1, nullptr, 'j'},
                               {"witness", 1, nullptr, 'x'},
                               {"help", 0, nullptr, 'h'},
                               {}};

void apply(Options& o, int key, const char* name) {
  switch (key) {
    case 's':
      o.seed = count_of(name, optarg);
      break;
    case 'e':
      o.episodes = count_of(name, optarg);
      break;
    case 'd':
      o.duration_s = seconds_of(name, optarg);
      break;
    case 'n':
      o.human = false;
      break;
    case 'k':
      o.lockstep = true;
      break;
    case 'l':
      o.listen = optarg;
      break;
    case 'p':
      o.peer = optarg;
      break;
    case 't':
      o.timeout_s = seconds_of(name, optarg);
      break;
    case 'w':
      o.watchdog_s = seconds_of(name, optarg);
      break;
    case 'W':
      o.wait_s = seconds_of(name, optarg);
      break;
    case 'x':
      o.witness = witness_of(name, optarg);
      break;
    case 'c':
      o.csv = optarg;
      break;
    case 'j':
      o.json = optarg;
      break;
    case 'h':
      std::fputs(kHelp, stdout);
      std::exit(0);
    default:
      std::exit(2);  // getopt has said why
  }
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  int index = 0;
  for (int key; (key = getopt_long(argc, argv, "", kOptions, &index)) != -1;)
    apply(options, key, key == '?' ? "" : kOptions[index].name);
  if (optind == argc) return options;
  std::fprintf(stderr, "handover-plant: %s: no such argument; see --help\n",
               argv[optind]);
  std::exit(2);
}

}  // namespace handover
