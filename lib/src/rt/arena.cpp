// SPDX-License-Identifier: MIT
#include "rt/arena.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "core/error.hpp"

namespace tactus::rt {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kGrain = std::size_t{1} << Pools::kMinShift;

constexpr uint64_t kIndex = 0xFFFFFFFF;
constexpr uint64_t kTag = uint64_t{1} << 32;

constexpr std::size_t class_of(std::size_t bytes) noexcept {
  const std::size_t n = std::max(bytes, std::size_t{1} << Pools::kMinShift);
  return static_cast<std::size_t>(std::bit_width(n - 1)) - Pools::kMinShift;
}

constexpr std::size_t size_of(std::size_t cls) noexcept {
  return std::size_t{1} << (cls + Pools::kMinShift);
}

}  // namespace

Result<Arena> Arena::make(std::size_t bytes) {
  const std::size_t size = (std::max(bytes, kPage) + kPage - 1) & ~(kPage - 1);
  if (size < bytes) return bad_input("arena of {} bytes: too large", bytes);
  auto memory = Mapping::anonymous(size);
  if (!memory) return memory.error();
  Arena arena(std::move(*memory));
  arena.grant_ = {"memlock", fmt::format("{} KiB locked", size / 1024),
                  "locked", true, ""};
  if (mlock(arena.memory_.data(), size) != 0) {
    arena.grant_.ok = false;
    arena.grant_.granted = "prefaulted, not locked";
    arena.grant_.reason =
        fmt::format("mlock: {}: raise ulimit -l", std::strerror(errno));
  }
  return arena;
}

Arena::Arena(Arena&& other) noexcept
    : memory_(std::move(other.memory_)),
      grant_(std::move(other.grant_)),
      used_(other.used()) {}

Arena::~Arena() = default;

void* Arena::try_allocate(std::size_t bytes, std::size_t align) noexcept {
  // Relaxed: the word only hands out disjoint ranges; who passes a block to
  // another thread orders that itself.
  std::size_t used = used_.load(std::memory_order_relaxed);
  std::size_t begin = 0;
  do {
    begin = (used + align - 1) & ~(align - 1);
    if (begin > size() || bytes > size() - begin) return nullptr;
  } while (!used_.compare_exchange_weak(used, begin + bytes,
                                        std::memory_order_relaxed));
  return memory_.data() + begin;
}

Pools::Pools(Arena& arena) noexcept
    : arena_(&arena),
      links_(static_cast<Link*>(arena.try_allocate(
          (arena.size() / kGrain + 1) * sizeof(Link), kGrain))) {}

void* Pools::pop(FreeList& list) noexcept {
  // Acquire pairs with push()'s release: the head's link is then whole, and
  // the last owner's writes happened before ours.
  uint64_t head = list.head.load(std::memory_order_acquire);
  while ((head & kIndex) != 0) {
    const uint64_t i = head & kIndex;
    const uint64_t next = links_[i].load(std::memory_order_relaxed);
    const uint64_t to = next | ((head + kTag) & ~kIndex);
    if (list.head.compare_exchange_weak(head, to, std::memory_order_acquire,
                                        std::memory_order_acquire))
      return arena_->data() + (i - 1) * kGrain;
  }
  return nullptr;
}

void Pools::push(FreeList& list, void* block) noexcept {
  const auto offset =
      static_cast<uint64_t>(static_cast<std::byte*>(block) - arena_->data());
  const uint64_t i = offset / kGrain + 1;  // 0 means none
  uint64_t head = list.head.load(std::memory_order_relaxed);
  uint64_t to = 0;
  do {
    links_[i].store(static_cast<uint32_t>(head & kIndex),
                    std::memory_order_relaxed);
    to = i | ((head + kTag) & ~kIndex);
    // Release pairs with pop()'s acquire: publishes the link.
  } while (!list.head.compare_exchange_weak(head, to, std::memory_order_release,
                                            std::memory_order_relaxed));
}

void* Pools::try_allocate(std::size_t bytes) noexcept {
  const std::size_t cls = class_of(bytes);
  void* block = nullptr;
  if (cls < kClasses && links_ != nullptr) {
    block = pop(free_[cls]);
    if (block == nullptr) block = arena_->try_allocate(size_of(cls), kGrain);
  }
  if (block == nullptr) failures_.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void Pools::free(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  push(free_[class_of(bytes)], block);
}

Result<void> Pools::reserve(std::size_t bytes, std::size_t count) {
  const std::size_t cls = class_of(bytes);
  if (cls >= kClasses)
    return bad_input("pool block of {} bytes: at most {}", bytes,
                     size_of(kClasses - 1));
  for (std::size_t i = 0; i < count; ++i) {
    void* block = links_ == nullptr
                      ? nullptr
                      : arena_->try_allocate(size_of(cls), kGrain);
    if (block == nullptr)
      return unavailable(
          "pool: arena of {} bytes is used up after {} of {} "
          "blocks of {}: make the arena larger",
          arena_->size(), i, count, size_of(cls));
    free(block, bytes);
  }
  return {};
}

void* PoolResource::do_allocate(std::size_t bytes, std::size_t align) {
  void* p = align <= kGrain ? pools_->try_allocate(bytes) : nullptr;
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

void PoolResource::do_deallocate(void* p, std::size_t bytes,
                                 std::size_t) noexcept {
  pools_->free(p, bytes);
}

}  // namespace tactus::rt
