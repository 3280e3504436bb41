// SPDX-License-Identifier: MIT
#include "guard/report.hpp"

#include <array>

namespace tactus::guard {
namespace {

// Another process wrote the value: it may be any.
template <std::size_t N, class E>
const char* pick(const std::array<const char*, N>& names, E value) noexcept {
  const auto i = static_cast<std::size_t>(value);
  return i < N ? names[i] : "unknown";
}

}  // namespace

Report report_of(const layout::GuardWords& words) noexcept {
  // Acquire pairs with the guardian's release of each word; why it acted is
  // stored before the word that says it did.
  constexpr auto kAcquire = std::memory_order_acquire;
  return {.reason = static_cast<Reason>(words.reason.load(kAcquire)),
          .choice = static_cast<Choice>(words.choice.load(kAcquire)),
          .bound_broken = words.bound_broken.load(kAcquire) != 0,
          .frames_sent = words.frames_sent.load(kAcquire),
          .send_failures = words.send_failures.load(kAcquire)};
}

const char* name_of(Reason reason) noexcept {
  static constexpr std::array kNames = {"none", "missed commits",
                                        "controller died"};
  return pick(kNames, reason);
}

const char* name_of(Choice choice) noexcept {
  static constexpr std::array kNames = {"none", "committed plan",
                                        "previous plan", "static hold"};
  return pick(kNames, choice);
}

std::string to_text(const Report& report) {
  std::string text = name_of(report.reason);
  const bool other = report.choice == Choice::kPrevious ||
                     report.choice == Choice::kStaticHold;
  if (other) text.append("; it played the ").append(name_of(report.choice));
  if (report.bound_broken) text += "; it woke later than its bound";
  return text;
}

}  // namespace tactus::guard
