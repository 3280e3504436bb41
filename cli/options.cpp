// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <cstring>

#include "core/error.hpp"
#include "core/units.hpp"

namespace tactus::cli {
namespace {

constexpr const char* kAbout =
    "Runs a learned robot policy, checked, guarded and recorded.\n"
    "Exit codes: 0 ok, 1 finding (latched, difference), 2 usage or bad\n"
    "input, 3 not available here, 4 permission, 5 internal.";

// What CLI11 fills; durations are text until they are parsed with units.
struct Raw {
  Options options;
  std::string duration;
  std::string bench_duration;
};

CLI::App* command(CLI::App& app, const char* name, const char* help, Raw& raw) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->add_flag("--json", raw.options.json, "one JSON object on stdout");
  return sub;
}

void add_run(CLI::App& app, Raw& raw) {
  RunOptions& run = raw.options.run;
  CLI::App* sub = command(app, "run", "run the loop of a file", raw);
  sub->add_option("FILE", run.file, "loop description (TOML)")->required();
  sub->add_option("--duration", raw.duration,
                  "orderly stop after this time, e.g. 10s");
  sub->add_flag("--shadow", run.shadow, "whole pipeline, never sends");
  sub->add_flag("--lockstep", run.lockstep, "the plant owns the time");
  sub->add_flag("--no-engage", run.no_engage, "wait for rtctl engage");
  sub->add_flag("--exit-on-latch", run.exit_on_latch,
                "end at standstill after a trip");
  sub->add_option("--log", run.log, "log here instead of record.path");
  sub->final_callback([&raw] { raw.options.command = Command::kRun; });
}

void add_loop(CLI::App& app, Raw& raw) {
  constexpr const char* verbs[][2] = {
      {"status", "what a running loop does"},
      {"engage", "ask a ready loop to engage"},
      {"stop", "ask for an orderly stop to ready"},
      {"rearm", "clear the latch"},
      {"reload", "read the file again (ready or latched only)"},
  };
  for (const auto& verb : verbs) {
    CLI::App* sub = command(app, verb[0], verb[1], raw);
    sub->add_option("LOOP", raw.options.loop.loop, "loop name")->required();
    sub->final_callback([&raw, name = verb[0]] {
      raw.options.command = Command::kLoop;
      raw.options.loop.verb = name;
    });
  }
}

void add_logs(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  CLI::App* replay =
      command(app, "replay", "run policy and shield over a log again", raw);
  replay->add_option("LOG", o.replay.log)->required();
  replay->add_option("--model", o.replay.model, "instead of the log's own");
  replay->add_option("--limits", o.replay.limits,
                     "instead of the log's own, with robot and guard times");
  replay->final_callback([&o] { o.command = Command::kReplay; });

  CLI::App* report = command(app, "report", "what happened in a log", raw);
  report->add_option("LOG", o.report.log)->required();
  report->add_option("--html", o.report.html, "write one page to this file");
  report->final_callback([&o] { o.command = Command::kReport; });

  CLI::App* explain =
      command(app, "explain", "timing and verdict of one cycle", raw);
  explain->add_option("LOG", o.explain.log)->required();
  explain->add_option("--cycle", o.explain.cycle)->required();
  explain->final_callback([&o] { o.command = Command::kExplain; });
}

CLI::App* model_verb(CLI::App& model, const char* verb, const char* help,
                     Raw& raw) {
  CLI::App* sub = command(model, verb, help, raw);
  sub->add_option("MODEL", raw.options.model.model, "ONNX or .tmodel file")
      ->required();
  sub->final_callback([&raw, verb] {
    raw.options.command = Command::kModel;
    raw.options.model.verb = verb;
  });
  return sub;
}

CLI::Option* add_measured(CLI::App& sub, Raw& raw) {
  sub.add_option("--duration", raw.bench_duration, "of the timing, e.g. 5s");
  return sub
      .add_option("--calibrate", raw.options.model.calibrate,
                  "observations: [NAME=]F.npy per input, or a LOG.tlog")
      ->take_all();
}

void add_quantize(CLI::App& model, Raw& raw) {
  ModelOptions& o = raw.options.model;
  CLI::App* sub =
      model_verb(model, "quantize",
                 "error and time of every tier, and which to take", raw);
  add_measured(*sub, raw)->required();
  sub->add_option("--tier", o.tier, "auto, f32, bf16, int16 or int8");
  sub->add_option("--max-error", o.max_error,
                  "of the action, in its unit (1 % of its spread)");
  sub->add_option("--output", o.output, "F.tmodel, or F.onnx (QDQ)");
}

void add_prune(CLI::App& model, Raw& raw) {
  ModelOptions& o = raw.options.model;
  CLI::App* sub =
      model_verb(model, "prune", "take hidden units out of an ONNX file", raw);
  sub->add_option("--keep", o.keep, "share of each layer's units, or a number")
      ->required();
  sub->add_option("--output", o.output, "F.onnx")->required();
  add_measured(*sub, raw);
}

void add_model(CLI::App& app, Raw& raw) {
  CLI::App* model =
      app.add_subcommand("model", "look at, check or run a model");
  model->require_subcommand(1);
  ModelOptions& o = raw.options.model;
  model_verb(*model, "inspect", "inputs, outputs, operators, contract", raw);
  model_verb(*model, "verify", "golden vectors, backends against reference",
             raw);
  CLI::App* bench = model_verb(*model, "bench",
                               "time of one call, per tier and backend", raw);
  bench->add_option("--backend", o.backend, "fused, reference or onednn");
  add_measured(*bench, raw);
  add_quantize(*model, raw);
  add_prune(*model, raw);
  CLI::App* run = model_verb(*model, "run", "run over recorded inputs", raw);
  run->add_option("--input", o.inputs, "[NAME=]F.npy, one per input")
      ->required()
      ->take_all();
  run->add_option("--output", o.output, "folder for <output>.npy")->required();
  run->add_option("--backend", o.backend, "fused, reference or onednn");
  run->add_option("--tier", o.tier, "f32, bf16, int16 or int8");
  run->add_option("--kernels", o.kernels,
                  "rule, timed, or what model inspect prints");
  run->add_flag("--whole", o.whole, "each file is one input as it stands");
  run->add_flag("--signals", o.signals,
                "rows are one cycle's signals: scaled and stacked as the "
                "contract says");
  run->add_option("--threads", o.threads,
                  "of a model without state; otherwise rows follow each other")
      ->check(CLI::Range(1, 1024));
  CLI::App* slow = model_verb(
      *model, "slow", "which inputs change seldom in recorded rows", raw);
  slow->add_option("--input", o.inputs, "[NAME=]F.npy, one per input")
      ->required()
      ->take_all();
  slow->add_option("--most", o.most, "per cent of the rows (5)")
      ->check(CLI::Range(0.0, 100.0));
}

CLI::App* safety_verb(CLI::App& safety, const char* verb, const char* help,
                      Raw& raw) {
  CLI::App* sub = command(safety, verb, help, raw);
  sub->add_option("FILE", raw.options.safety.file)->required();
  sub->final_callback([&raw, verb] {
    raw.options.command = Command::kSafety;
    raw.options.safety.verb = verb;
  });
  return sub;
}

void add_cases(CLI::App& sub, uint64_t most, SafetyOptions& o) {
  sub.add_option("--cases", o.cases, "how many random cycles")
      ->check(CLI::Range(uint64_t{1}, most));
  sub.add_option("--seed", o.seed, "of the first (1)");
}

void add_states(CLI::App& check, SafetyOptions& o) {
  CLI::Option* states = check.add_option(
      "--states", o.states,
      "F.npy: one verdict a row, which is every signal's values in order");
  check
      .add_option("--actions", o.actions, "F.npy: as many; without: dq goes on")
      ->needs(states);
  check.add_option("--output", o.output, "F.npy: margin of each row")
      ->needs(states);
  check
      .add_flag("--instant", o.instant,
                "what holds at that instant, without the motion that follows")
      ->needs(states);
}

void add_safety(CLI::App& app, Raw& raw) {
  CLI::App* safety = app.add_subcommand("safety", "look at or check limits");
  safety->require_subcommand(1);
  SafetyOptions& o = raw.options.safety;
  safety_verb(*safety, "explain",
              "rows, kernels, assumptions with their margins", raw);
  add_states(*safety_verb(*safety, "check",
                          "whether the file is complete and consistent; with "
                          "--states, exit 1 when one is unsafe",
                          raw),
             o);
  add_cases(*safety_verb(*safety, "bench",
                         "time of the check of these limits on this machine; "
                         "exit 1 when it is beyond the stage's time",
                         raw),
            10'000'000, o);
  safety_verb(*safety, "diff",
              "what another file changes; exit 1 when something is looser, "
              "removed, or changed in a way that cannot be told",
              raw)
      ->add_option("OTHER", o.other, "the limits to come")
      ->required();
  add_cases(*safety_verb(*safety, "fuzz",
                         "tries to get past these limits; exit 1 on a finding, "
                         "with its seed",
                         raw),
            1'000'000'000, o);
}

void add_rest(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  CLI::App* guardian =
      command(app, "guardian",
              "plays the stop plan of a dead loop (run starts it)", raw);
  guardian->add_option("--fd", o.guardian.segment_fd, "guard segment")
      ->required();
  guardian->add_option("--pidfd", o.guardian.loop_pidfd, "of the loop");
  guardian->add_option("--cpu", o.guardian.cpu);
  guardian->add_option("--priority", o.guardian.priority);
  guardian->final_callback([&o] { o.command = Command::kGuardian; });
  command(app, "version", "version, ISA, features", raw)->final_callback([&o] {
    o.command = Command::kVersion;
  });
}

Result<Options> finish(Raw raw) {
  if (!raw.duration.empty()) {
    auto ns = parse_duration(raw.duration);
    if (!ns) return ns.error();
    raw.options.run.duration_ns = *ns;
  }
  if (!raw.bench_duration.empty()) {
    auto ns = parse_duration(raw.bench_duration);
    if (!ns) return ns.error();
    if (*ns == 0) return bad_input("--duration: 0: expected above zero");
    raw.options.model.duration_ns = *ns;
  }
  return std::move(raw.options);
}

Result<Options> help(std::string text) {
  Options o;
  o.text = std::move(text);
  return o;
}

}  // namespace

bool wants_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) return true;
  }
  return false;
}

Result<Options> parse_options(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app{kAbout, "rtctl"};
  app.set_version_flag("--version", "rtctl " TACTUS_VERSION);
  app.require_subcommand(1);
  add_run(app, raw);
  add_loop(app, raw);
  add_logs(app, raw);
  add_model(app, raw);
  add_safety(app, raw);
  add_rest(app, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return help(app.help());
  } catch (const CLI::CallForVersion& e) {
    return help(std::string(e.what()) + "\n");
  } catch (const CLI::CallForAllHelp&) {
    return help(app.help("", CLI::AppFormatMode::All));
  } catch (const CLI::ParseError& e) {
    return bad_input("command line: {}: see rtctl --help", e.what());
  }
  return finish(std::move(raw));
}

}  // namespace tactus::cli
