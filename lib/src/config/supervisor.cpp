// SPDX-License-Identifier: MIT
#include "config/supervisor.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace tactus::config {
namespace {

static_assert(rt::kLateCheck == safety::kReasonLate);

bool is_verified(tactus_rung rung) {
  return rung == TACTUS_RUNG_PASS || rung == TACTUS_RUNG_SCALE ||
         rung == TACTUS_RUNG_PROJECT;
}

// Soft rows that were violated, by the bits that hard ones have.
uint64_t soft_rows(const safety::Image& image,
                   const safety::ShieldOutput& out) {
  if (!safety::was_judged(out.worst_row, out.violated)) return 0;
  uint64_t bits = 0;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const bool soft = image.row[r].kind == safety::RowKind::kSoft;
    if (soft && !(out.row[r].margin >= 0))
      bits |= uint64_t{1} << std::min(r, 63u);
  }
  return bits;
}

// Rows that are kept, but nearly not.
uint64_t near_rows(const safety::Image& image,
                   const safety::ShieldOutput& out) {
  if (!safety::was_judged(out.worst_row, out.violated)) return 0;
  uint64_t bits = 0;
  for (uint32_t r = 0; r < image.rows; ++r)
    if (out.row[r].near != 0) bits |= uint64_t{1} << std::min(r, 63u);
  return bits;
}

const SignalEntry* entry_of(const File& file, const char* name) {
  for (const SignalEntry& s : file.signal) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

}  // namespace

Result<SignalBinding> bind_signals(const safety::Image& image, const File& file,
                                   const FrameLayout& frame,
                                   const std::string& action) {
  SignalBinding binding;
  binding.signals = image.signals;
  binding.joints = image.joints;
  for (uint32_t i = 0; i < image.signals; ++i) {
    const safety::Signal& s = image.signal[i];
    const SignalEntry* entry = entry_of(file, s.name);
    const std::string stamp =
        entry ? entry->stamp : std::string(s.name) + "_at";
    auto value = frame.require(s.name, TACTUS_F32, s.count);
    if (!value) return value.error();
    auto at = frame.require(stamp, TACTUS_TIME, 1);
    if (!at) return at.error();
    binding.value[i] = value->offset;
    binding.stamp[i] = at->offset;
  }
  auto u = frame.require(action, TACTUS_F32, image.joints);
  if (!u) return u.error();
  binding.action = u->offset;
  return binding;
}

ShieldSupervisor::ShieldSupervisor(Parts parts)
    : owned_(std::move(parts.image)),
      image_(owned_.get()),
      kernel_(parts.kernel),
      binding_(parts.binding),
      link_(parts.link),
      robot_epoch_(parts.robot_epoch) {
  input_.native = parts.native;
  callbacks_ = parts.callbacks;
  if (parts.board) board_.emplace(*parts.board).use(*image_);
  safety::reset(carried_.shield);
  safety::reset(dry_state_);
}

rt::GuardView ShieldSupervisor::begin(const tactus_tick& tick) noexcept {
  may_send_ = true;
  if (!link_) return {.epoch = carried_.epoch};
  const guard::LinkView view =
      link_->begin(tick.now_ns, tick.release_ns + image_->commit.commit_ns);
  if (view.acted) note_act(link_->report());
  return {.guardian_acted = view.acted,
          .guardian_stale = view.stale,
          .guardian_bound_broken = view.bound_broken,
          .heartbeat_age_ns = view.heartbeat_age_ns,
          .epoch = view.epoch};
}

// Kept beyond the rearm, for whoever asks why it latched.
void ShieldSupervisor::note_act(const guard::Report& report) noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  act_reason_.store(report.reason, kRelaxed);
  act_choice_.store(report.choice, kRelaxed);
  act_bound_broken_.store(report.bound_broken, kRelaxed);
}

guard::Report ShieldSupervisor::last_act() const noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {.reason = act_reason_.load(kRelaxed),
          .choice = act_choice_.load(kRelaxed),
          .bound_broken = act_bound_broken_.load(kRelaxed)};
}

void ShieldSupervisor::fill(const std::byte* frame, const rt::CheckInput& input,
                            safety::ShieldInput& out) const noexcept {
  for (uint32_t i = 0; i < binding_.signals; ++i) {
    out.value[i] = reinterpret_cast<const float*>(frame + binding_.value[i]);
    std::memcpy(&out.stamp_ns[i], frame + binding_.stamp[i], 8);
  }
  out.action = reinterpret_cast<const float*>(frame + binding_.action);
  out.action_valid = input.action_valid;
  out.now_ns = input.tick.now_ns;
  out.release_ns = input.tick.release_ns;
  out.cycle = input.tick.cycle;
  out.life = input.state;
  out.blend = input.blend;
  out.guardian_stale = input.guardian_stale;
  out.guardian_acted = input.guardian_acted;
  out.epoch = carried_.epoch;
  std::copy_n(input.margins.margin, safety::kMaxCallbacks, out.callback);
  std::copy_n(input.margins.fate, safety::kMaxCallbacks, out.callback_fate);
}

rt::CheckOutput ShieldSupervisor::check(std::byte* frame,
                                        const rt::CheckInput& input) noexcept {
  fill(frame, input, input_);
  if (callbacks_) callbacks_->call(*kernel_, carried_.shield, input_);
  rt::Margins margins;
  std::copy_n(input_.callback, safety::kMaxCallbacks, margins.margin);
  std::copy_n(input_.callback_fate, safety::kMaxCallbacks, margins.fate);
  kernel_->check(*image_, carried_.shield, input_, output_);
  std::memcpy(frame + binding_.action, output_.action,
              sizeof(float) * binding_.joints);
  stale_.store(output_.stale, std::memory_order_relaxed);
  return {.rung = output_.rung,
          .may_engage = output_.may_engage,
          .standstill = output_.standstill,
          .stop_unverified = output_.stop_unverified,
          .recalled = output_.recalled,
          .bad = output_.bad,
          // A damaged image cannot judge anything: no action is right.
          .trip = (output_.reasons & safety::kReasonImage) != 0,
          .latch = output_.latch,
          .worst_row = output_.worst_row,
          .worst_link = output_.worst_link,
          .margin = output_.margin,
          .separation_m = output_.separation_m,
          .time_to_violation = output_.time_to_violation,
          .scale = output_.scale,
          .violated = output_.violated,
          .soft = soft_rows(*image_, output_),
          .near = near_rows(*image_, output_),
          .score = output_.mean_score,
          .reasons = output_.reasons,
          .plan_id = output_.plan_id,
          .margins = margins};
}

// Signals are read from the frame, which nobody writes between two cycles.
void ShieldSupervisor::check_dry(int64_t now_ns) noexcept {
  if (input_.action == nullptr) return;  // nothing was checked yet
  safety::ShieldInput input = input_;
  input.now_ns = now_ns;
  input.release_ns = now_ns;
  input.foreseen = nullptr;
  dry_state_ = carried_.shield;
  kernel_->check(*image_, dry_state_, input, dry_output_);
}

rt::PrewarmStep ShieldSupervisor::prewarm() {
  const auto run = [](void* self, int64_t now_ns) noexcept {
    static_cast<ShieldSupervisor*>(self)->check_dry(now_ns);
  };
  return {run, this};
}

void ShieldSupervisor::publish(const tactus_tick&) noexcept {
  if (link_) may_send_ = link_->publish(carried_.shield.candidate);
}

void ShieldSupervisor::play(std::byte* frame, int64_t now_ns) noexcept {
  played_ns_ = now_ns;
  // What is played needs no plan of this cycle's own.
  if (!may_send_) may_send_ = link_->armed();
  float u[safety::kMaxJoints] = {};
  safety::play(*image_, carried_.shield, now_ns, u);
  std::memcpy(frame + binding_.action, u, sizeof(float) * binding_.joints);
}

void ShieldSupervisor::committed(const std::byte* frame,
                                 const tactus_tick& tick, int64_t now_ns,
                                 tactus_rung rung, bool late) noexcept {
  const bool verified = is_verified(rung);
  const uint64_t plan =
      verified ? carried_.shield.candidate.plan_id : uint64_t{0};
  kernel_->committed(
      *image_, carried_.shield,
      {.u = reinterpret_cast<const float*>(frame + binding_.action),
       .now_ns = now_ns,
       .verified = verified,
       .release_ns = tick.release_ns,
       .begin_ns = tick.now_ns});
  if (link_) link_->committed(tick.cycle, plan, late, played_ns_);
}

void ShieldSupervisor::ended(const rt::CycleEnd& end) noexcept {
  if (board_) board_->ended(end, output_);
}

bool ShieldSupervisor::armed(const tactus_tick& tick) noexcept {
  const uint32_t robot = robot_epoch_ ? *robot_epoch_ : 0;
  if (!link_) {
    const uint32_t last = std::max(carried_.epoch, robot);
    if (last == UINT32_MAX) return false;  // no epoch is above
    carried_.epoch = last + 1;
    return true;
  }
  // This cycle sends nothing yet: the first commit is due in the next.
  const safety::Commit& commit = image_->commit;
  const uint32_t epoch =
      link_->arm(robot, tick.release_ns + commit.period_ns + commit.commit_ns);
  if (epoch != 0) carried_.epoch = epoch;
  return epoch != 0;
}

void ShieldSupervisor::disarmed(const tactus_tick&) noexcept {
  if (link_) (void)link_->disarm();
}

bool ShieldSupervisor::rearm(const tactus_tick&) noexcept {
  return !link_ || link_->rearm();
}

void ShieldSupervisor::life(tactus_state state) noexcept {
  if (state == TACTUS_STATE_STOPPING) {
    stop_stale_.store(output_.stale, std::memory_order_relaxed);
    stop_reasons_.store(output_.reasons, std::memory_order_relaxed);
  }
  if (link_) link_->life(state);
}

std::size_t ShieldSupervisor::carried_size() const noexcept {
  return sizeof(Carried);
}

void ShieldSupervisor::save(std::byte* to) const noexcept {
  std::memcpy(to, &carried_, sizeof carried_);
}

void ShieldSupervisor::restore(const std::byte* from) noexcept {
  std::memcpy(&carried_, from, sizeof carried_);
}

}  // namespace tactus::config
