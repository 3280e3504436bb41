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
constexpr std::size_t kMaxAlign = 64;

// User addresses have at most 47 bits (56 with five-level tables only when
// asked for by hint), so 16 bits are left for the tag.
constexpr uint64_t kAddress = (uint64_t{1} << 48) - 1;
constexpr uint64_t kTag = uint64_t{1} << 48;

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
  arena.grant_ = {"arena", fmt::format("{} KiB locked", size / 1024), "locked",
                  true, ""};
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

// The link is atomic because a rival pop may read it from a block that was
// just taken; the tag then makes that rival's exchange fail.
struct Pools::Block {
  std::atomic<uint64_t> next;
};

Pools::Block* Pools::pop(FreeList& list) noexcept {
  // Acquire pairs with push()'s release: `next` of the head is then whole.
  uint64_t head = list.head.load(std::memory_order_acquire);
  while ((head & kAddress) != 0) {
    auto* block = reinterpret_cast<Block*>(head & kAddress);
    const uint64_t next = block->next.load(std::memory_order_relaxed);
    const uint64_t to = (next & kAddress) | ((head + kTag) & ~kAddress);
    if (list.head.compare_exchange_weak(head, to, std::memory_order_acquire,
                                        std::memory_order_acquire))
      return block;
  }
  return nullptr;
}

void Pools::push(FreeList& list, Block* block) noexcept {
  uint64_t head = list.head.load(std::memory_order_relaxed);
  const auto address = reinterpret_cast<uint64_t>(block);
  uint64_t to = 0;
  do {
    block->next.store(head & kAddress, std::memory_order_relaxed);
    to = address | ((head + kTag) & ~kAddress);
    // Release pairs with pop()'s acquire: publishes `next`, and the last
    // owner's writes happen before the next owner's.
  } while (!list.head.compare_exchange_weak(head, to, std::memory_order_release,
                                            std::memory_order_relaxed));
}

void* Pools::try_allocate(std::size_t bytes) noexcept {
  const std::size_t cls = class_of(bytes);
  void* block = nullptr;
  if (cls < kClasses) {
    block = pop(free_[cls]);
    if (block == nullptr)
      block =
          arena_->try_allocate(size_of(cls), std::min(size_of(cls), kMaxAlign));
  }
  if (block == nullptr) failures_.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void Pools::free(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  push(free_[class_of(bytes)], new (block) Block{});
}

Result<void> Pools::reserve(std::size_t bytes, std::size_t count) {
  const std::size_t cls = class_of(bytes);
  if (cls >= kClasses)
    return bad_input("pool block of {} bytes: at most {}", bytes,
                     size_of(kClasses - 1));
  for (std::size_t i = 0; i < count; ++i) {
    void* block =
        arena_->try_allocate(size_of(cls), std::min(size_of(cls), kMaxAlign));
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
  // A block is aligned to its size up to 64.
  void* p = align <= kMaxAlign ? pools_->try_allocate(std::max(bytes, align))
                               : nullptr;
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

void PoolResource::do_deallocate(void* p, std::size_t bytes,
                                 std::size_t align) noexcept {
  pools_->free(p, std::max(bytes, align));
}

}  // namespace tactus::rt
