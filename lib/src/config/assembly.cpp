// SPDX-License-Identifier: MIT
// Building and running; the log's head is in assembly_log.cpp, what the
// control socket does in assembly_control.cpp.
#include "config/assembly.hpp"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <utility>

#include "config/granted.hpp"
#include "config/robot_stages.hpp"
#include "core/error.hpp"
#include "io/lockstep.hpp"
#include "rt/lead.hpp"
#include "rt/nanosleep_wake.hpp"
#include "safety/planner.hpp"

namespace tactus::config {

struct RobotLink {
  std::unique_ptr<io::Udp> udp;
  RobotStages stages;
};

namespace {

// The guardian on a core of its own where there are two.
int guardian_cpu(const File& file) {
  if (file.guard.cpu >= 0 || file.loop.cpu < 0 || get_nprocs() < 2) {
    return file.guard.cpu;
  }
  return file.loop.cpu == 0 ? 1 : 0;
}

layout::GuardConfig guard_config(const Blueprint& b) {
  layout::GuardConfig config{};
  config.period_ns = b.file.loop.period_ns;
  config.bound_ns = b.file.guard.bound_ns;
  config.repeat_ns = b.file.guard.repeat_ns;
  config.misses = b.file.guard.misses;
  config.virtual_clock = b.lockstep ? 1 : 0;
  config.joints = b.image->joints;
  config.then_hold = b.file.guard.then_hold ? 1 : 0;
  b.file.name.copy(config.loop_name, sizeof config.loop_name - 1);
  b.sender.copy(config.sender, sizeof config.sender - 1);
  return config;
}

// In lockstep nothing real-time is asked for, so none of it is missed.
std::vector<std::string> required_here(const Blueprint& b) {
  std::vector<std::string> names;
  for (const std::string& name : b.file.loop.require) {
    const GrantRow* row = find_grant(name);
    const bool counts = !b.lockstep || row == nullptr || !row->real_time;
    if (counts) names.push_back(name);
  }
  return names;
}

}  // namespace

Assembly::Assembly(Blueprint blueprint) : blueprint_(std::move(blueprint)) {}

Result<std::unique_ptr<Assembly>> Assembly::build(Blueprint blueprint) {
  std::unique_ptr<Assembly> assembly(new Assembly(std::move(blueprint)));
  if (auto ok = assembly->assemble(); !ok) return ok.error();
  return assembly;
}

Assembly::~Assembly() {
  control_.reset();  // no more requests before the loop goes
  (void)finish();
  release_prepared();
}

// Names first (a second loop must not disturb the first), helper threads and
// the guardian next, then what the loop's own thread gets: affinity would be
// inherited. The log last: it says what was granted.
Result<void> Assembly::assemble() {
  const File& file = blueprint_.file;
  if (auto ok = telemetry::check_loop_name(file.name); !ok) return ok.error();
  auto segment = telemetry::SegmentWriter::create(file.name, "");
  if (!segment) return segment.error();
  segment_ = std::move(*segment);
  auto path = telemetry::control_path(file.name);
  if (!path) return path.error();
  auto control = telemetry::ControlServer::start(*path, this);
  if (!control) return control.error();
  control_ = std::move(*control);
  auto policy =
      PolicyStage::make(blueprint_.plan, blueprint_.policy, blueprint_.frame);
  if (!policy) return policy.error();
  policy_ = std::move(*policy);
  for (auto step : {&Assembly::open_robot, &Assembly::open_guard,
                    &Assembly::make_supervisor, &Assembly::prepare_host,
                    &Assembly::measure_check, &Assembly::make_loop,
                    &Assembly::collect_grants, &Assembly::start_record}) {
    if (auto ok = (this->*step)(); !ok) return ok.error();
  }
  if (auto ok = loop_->warm(); !ok) return ok.error();
  served_.store(loop_.get(), std::memory_order_release);
  return {};
}

Result<void> Assembly::open_robot() {
  const File& file = blueprint_.file;
  if (!file.io.present) return {};
  robot_ = std::make_unique<RobotLink>();
  auto udp = io::Udp::open({.listen = file.io.listen,
                            .peer = file.io.peer,
                            .state = RobotStages::expected(file),
                            .transport_bound_ns = file.io.transport_bound_ns,
                            .lockstep = blueprint_.lockstep});
  if (!udp) return udp.error();
  robot_->udp = std::move(*udp);
  if (auto ok = check_senders(file, *robot_->udp); !ok) return ok.error();
  other_grants_.push_back(stamps_grant(*robot_->udp));
  auto stages = RobotStages::make(file, blueprint_.frame, *robot_->udp);
  if (!stages) return stages.error();
  robot_->stages = std::move(*stages);
  blueprint_.sense.front().fn = RobotStages::sense;
  blueprint_.sense.front().self = &robot_->stages;
  blueprint_.act.fn = RobotStages::act;
  blueprint_.act.self = &robot_->stages;
  return {};
}

Result<void> Assembly::open_guard() {
  const File& file = blueprint_.file;
  if (file.guard.none || blueprint_.spec.shadow) return {};
  auto segment = guard::Segment::create(guard_config(blueprint_));
  if (!segment) return segment.error();
  guard_.emplace(std::move(*segment));
  link_.emplace(guard_->words(), guard_->page());
  const int priority = file.loop.priority > 0 && !blueprint_.lockstep
                           ? file.loop.priority + 1
                           : 0;
  const guard::SpawnOptions asked{
      .program = "",
      .cpu = blueprint_.lockstep ? -1 : guardian_cpu(file),
      .priority = priority};
  auto guardian = guard::GuardianProcess::start(*guard_, asked);
  if (!guardian) return guardian.error();
  guardian_.emplace(std::move(*guardian));
  const uint32_t bits = guard_->words().granted.load(std::memory_order_acquire);
  for (rt::Grant& g : guardian_grants({guardian_->pid(), asked, bits})) {
    other_grants_.push_back(std::move(g));
  }
  return {};
}

Result<Callbacks*> Assembly::bind_callbacks(const safety::Image& image) {
  auto bound = Callbacks::bind(
      {.image = image,
       .registered = blueprint_.callbacks,
       .file = blueprint_.limits.name,
       .time = blueprint_.lockstep ? CallTime::kNone : CallTime::kMeasured});
  if (!bound) return bound.error();
  callbacks_.push_back(std::move(*bound));
  return callbacks_.back().get();
}

Result<void> Assembly::make_supervisor() {
  auto binding = bind_signals(*blueprint_.image, blueprint_.file,
                              blueprint_.frame, blueprint_.policy.output);
  if (!binding) return binding.error();
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  images_.push_back(blueprint_.image);
  const safety::Expressions& expressions = blueprint_.image->expressions;
  runners_.push_back(safety::make_runner(expressions, *isa));
  if (expressions.count > 0)
    other_grants_.push_back(expressions_grant(runners_.back()));
  auto callbacks = bind_callbacks(*blueprint_.image);
  if (!callbacks) return callbacks.error();
  fallbacks_ = Fallbacks(*blueprint_.image, *binding);
  supervisor_ = std::make_unique<ShieldSupervisor>(ShieldSupervisor::Parts{
      .image = blueprint_.image,
      .binding = *binding,
      .kernel = &safety::kernel_for(*isa),
      .link = link_ ? &*link_ : nullptr,
      .robot_epoch = robot_ ? robot_->stages.robot_epoch() : nullptr,
      .native = runners_.back().get(),
      .callbacks = *callbacks,
      .board = segment_->violations()});
  if (robot_) robot_->stages.use(*supervisor_);
  if (!blueprint_.lockstep) {
    auto wake = std::make_unique<rt::NanosleepWake>();
    other_grants_.push_back(wake->clock().grant());
    wake_ = std::move(wake);
    return {};
  }
  auto wake = io::LockstepWake::open(
      *robot_->udp, {.words = guard_ ? &guard_->words() : nullptr});
  if (!wake) return wake.error();
  wake_ = std::move(*wake);
  return {};
}

Result<void> Assembly::prepare_host() {
  const LoopTable& loop = blueprint_.file.loop;
  if (blueprint_.lockstep) {
    // The plant owns the time: nothing real-time is asked, so none is given.
    grants_.push_back({.name = "clock",
                       .asked = "lockstep",
                       .granted = "lockstep: the plant's time",
                       .ok = true,
                       .reason = ""});
    return {};
  }
  grants_ = rt::prepare_thread(thread_ask());
  prepared_here(grants_);
  latency_.emplace(rt::CpuLatency::hold());
  grants_.push_back(latency_->grant());
  const rt::LeadAsk ask{.lead_max_ns = loop.lead_max_ns,
                        .period_ns = loop.period_ns};
  if (loop.lead_max_ns > 0) {
    const rt::Lead lead = rt::calibrate_lead(*wake_, ask);
    blueprint_.spec.lead_ns = lead.lead_ns;
    grants_.push_back(rt::lead_grant(lead, ask));
  }
  // Without a lead every wake-up is later than what was reserved.
  if (blueprint_.spec.lead_ns == 0) blueprint_.spec.prewarm_max_ns = 0;
  return {};
}

// Whether the cost table, by which the limits were let pass, is about this
// machine: on the thread and the CPU that will run, or a like one.
Result<void> Assembly::measure_check() {
  const safety::Image& image = *blueprint_.image;
  if (blueprint_.lockstep || image.rows == 0) return {};
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  const safety::Budget& budget = blueprint_.budget;
  const double ratio = safety::calibrate(image, safety::kernel_for(*isa));
  grants_.push_back(budget_grant(safety::cost_of(image, *isa), budget, ratio));
  return safety::check_budget(
      image, *isa,
      {.where = blueprint_.limits.name, .budget = budget, .ratio = ratio});
}

// With what is required of them, before a log that says them is begun.
Result<void> Assembly::collect_grants() {
  const File& file = blueprint_.file;
  grants_.insert(grants_.end(), other_grants_.begin(), other_grants_.end());
  grants_.push_back(wake_grant(file.loop.wake, *wake_, blueprint_.spec));
  if (blueprint_.image->ladder.limit_none == 0)
    grants_.push_back(limits_grant(blueprint_.limits.parts.edits));
  if (!file.record.path.empty()) grants_.push_back(record_grant());
  return rt::check_required(grants_, required_here(blueprint_));
}

Result<void> Assembly::make_loop() {
  rt::LoopSpec& spec = blueprint_.spec;
  spec.frame_size = blueprint_.frame.size();
  // The longest legal stop: held until t_s, then a plan, then standing still.
  const safety::Commit& commit = blueprint_.image->commit;
  spec.stop_limit_ns = safety::hold_ns(commit) + safety::kMaxStop_ns +
                       commit.standstill_ns + 1'000'000'000;
  user_act_ = blueprint_.act;
  tactus_stage infer = blueprint_.infer;
  infer.fn = gated_infer;
  infer.self = this;
  infer.output_offset = policy_->output_offset();
  infer.output_size = policy_->output_size();
  // A velocity of zero: what fallback = "stop" asks for, checked as any.
  static constexpr float kZero[layout::kMaxJoints] = {};
  if (infer.on_late == TACTUS_FALLBACK && !infer.fallback) {
    infer.fallback = kZero;
  }
  tactus_stage act = blueprint_.act;
  act.fn = gated_act;
  act.self = this;
  spec.stages = blueprint_.sense;
  spec.stages.push_back(infer);
  spec.stages.push_back(blueprint_.check);
  spec.stages.push_back(act);
  rt::LoopParts parts;
  parts.wake = wake_.get();
  parts.supervisor = supervisor_.get();
  parts.stats = segment_->stats();
  parts.carried = {policy_->carried()};
  // The policy last: what is needed first is to be in the nearest cache.
  parts.prewarm = {supervisor_->prewarm(), policy_->prewarm()};
  parts.reload = {apply_reload, this};
  parts.identity = {.parameter_epoch = 1,
                    .model_hash = blueprint_.plan->describe().hash,
                    .image_epoch = 1};
  auto loop = rt::Loop::make(spec, std::move(parts));
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  return {};
}

Result<void> Assembly::start_record() {
  const RecordTable& record = blueprint_.file.record;
  if (!record.path.empty()) {
    auto recorder =
        trace::Recorder::start({.path = record.path,
                                .head = log_head(blueprint_),
                                .avoid_cpu = blueprint_.file.loop.cpu,
                                .keep_ns = record.keep_ns});
    if (!recorder) return recorder.error();
    recorder_ = std::move(*recorder);
    log_base_ = record.path;
    loop_->set_record(recorder_.get());
    grants_.back() = record_grant(*recorder_);
  }
  tell_granted();
  return check_record();
}

// io_uring was there when it was tried; the log's own ring may be one too
// many. Nothing is in that log.
Result<void> Assembly::check_record() {
  auto ok = rt::check_required(grants_, required_here(blueprint_));
  if (ok || !recorder_) return ok;
  loop_->set_record(nullptr);
  recorder_.reset();
  (void)::unlink(log_base_.c_str());
  return ok;
}

tactus_status Assembly::gated_infer(void* self, void* frame,
                                    const tactus_tick* tick) {
  auto* a = static_cast<Assembly*>(self);
  a->fallbacks_.apply(static_cast<std::byte*>(frame), tick->now_ns);
  return PolicyStage::stage(a->policy_.get(), frame, tick);
}

tactus_status Assembly::gated_act(void* self, void* frame,
                                  const tactus_tick* tick) {
  auto* a = static_cast<Assembly*>(self);
  if (!a->supervisor_->may_send()) return TACTUS_FAILED;
  return a->user_act_.fn(a->user_act_.self, frame, tick);
}

bool Assembly::dead_lockstep() const {
  return blueprint_.lockstep &&
         static_cast<const io::LockstepWake*>(wake_.get())->dead();
}

Result<void> Assembly::finish() {
  const std::lock_guard lock(log_mutex_);
  if (std::exchange(finished_, true)) return {};
  if (link_) link_->leave();
  if (guardian_) (void)guardian_->wait(std::chrono::seconds(3));
  if (!recorder_) return {};
  if (loop_) loop_->set_record(nullptr);
  auto totals = recorder_->finish();
  if (!totals) return totals.error();
  totals_ = *totals;
  return {};
}

}  // namespace tactus::config
