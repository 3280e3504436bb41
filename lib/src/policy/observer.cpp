// SPDX-License-Identifier: MIT
#include "policy/observer.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace tactus::policy {

Observer Observer::make(const Description& model, const Contract& contract) {
  Observer o;
  std::size_t total = 0;
  for (const TensorInfo& t : model.inputs) total += t.size;
  o.values_.assign(total, 0.0F);
  const float* at = o.values_.data();
  for (const TensorInfo& t : model.inputs) {
    o.inputs_.push_back({at, true});
    at += t.size;
  }
  std::size_t size = contract.observations.empty() ? total : 0;
  for (const Observation& of : contract.observations) {
    const std::size_t before = of.history.span() - 1;
    o.items_.push_back({of, size, o.row_size_, before});
    size += of.size;
    if (before > 0) o.row_size_ += of.size;
    o.rows_ = std::max(o.rows_, before);
  }
  o.now_.assign(size, 0.0F);
  o.ring_.assign(o.rows_ * o.row_size_, 0.0F);
  return o;
}

void Observer::observe(std::span<const float> signals) noexcept {
  if (items_.empty()) {
    std::copy_n(signals.data(), now_.size(), values_.data());
    return;
  }
  for (const Item& item : items_) {
    const std::size_t n = item.observation.size;
    encode(item.observation, signals.subspan(item.at, n),
           std::span(now_).subspan(item.at, n));
    lay_out(item);
  }
}

void Observer::lay_out(const Item& item) noexcept {
  const History& h = item.observation.history;
  float* to = values_.data() + item.observation.first;
  for (std::size_t slot = 0; slot < h.length; ++slot) {
    const bool oldest_first = h.order == HistoryOrder::kOldestFirst;
    const std::size_t back = oldest_first ? h.length - 1 - slot : slot;
    const float* from = sample(item, back * h.every);
    std::copy_n(from, item.observation.size, to);
    to += item.observation.stride;
  }
}

// The ring is filled by the first sample, or is zero: every age exists, but
// for the first itself.
const float* Observer::sample(const Item& item,
                              std::size_t age) const noexcept {
  const bool first = item.observation.history.fill == HistoryFill::kFirst;
  if (age == 0 || (kept_ == 0 && first)) return now_.data() + item.at;
  const std::uint64_t row = (kept_ + rows_ - age) % rows_;
  return ring_.data() + row * row_size_ + item.kept;
}

void Observer::advance() noexcept {
  if (rows_ == 0) return;
  const std::size_t row = kept_ % rows_;
  for (const Item& item : items_) {
    if (item.oldest == 0) continue;
    const bool fills =
        kept_ == 0 && item.observation.history.fill == HistoryFill::kFirst;
    for (std::size_t r = fills ? 0 : row; r < (fills ? rows_ : row + 1); ++r) {
      std::copy_n(now_.data() + item.at, item.observation.size,
                  ring_.data() + r * row_size_ + item.kept);
    }
  }
  ++kept_;
}

void Observer::reset() noexcept {
  std::ranges::fill(ring_, 0.0F);
  kept_ = 0;
}

std::size_t Observer::state_size() const noexcept {
  return rows_ == 0 ? 0 : sizeof kept_ + ring_.size() * sizeof(float);
}

void Observer::save(std::byte* to) const noexcept {
  if (rows_ == 0) return;
  std::memcpy(to, &kept_, sizeof kept_);
  std::memcpy(to + sizeof kept_, ring_.data(), ring_.size() * sizeof(float));
}

void Observer::restore(const std::byte* from) noexcept {
  if (rows_ == 0) return;
  std::memcpy(&kept_, from, sizeof kept_);
  std::memcpy(ring_.data(), from + sizeof kept_, ring_.size() * sizeof(float));
}

Result<Observer> observer_of(const Description& model,
                             const std::optional<History>& history,
                             const std::vector<SignalClaim>& signals,
                             const std::string& where) {
  Contract contract = model.contract;
  if (!history) return Observer::make(model, contract);
  if (contract.present) {
    if (contract.history == history) return Observer::make(model, contract);
    return bad_input(
        "{}: history: the contract in {} says {}: make them agree, or leave it "
        "out here",
        where, model.label, contract.history ? "another" : "none");
  }
  for (const SignalClaim& s : signals) {
    Observation& o = contract.observations.emplace_back();
    o.name = s.name;
    o.size = s.size;
  }
  contract.history = history;
  if (auto ok = place(contract, model.inputs, where); !ok) return ok.error();
  return Observer::make(model, contract);
}

}  // namespace tactus::policy
