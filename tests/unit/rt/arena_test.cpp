// SPDX-License-Identifier: MIT
#include "rt/arena.hpp"

#include <criterion/criterion.h>

#include <cstring>
#include <memory_resource>
#include <set>
#include <vector>

using namespace tactus::rt;

Test(arena, gives_disjoint_aligned_memory_until_it_is_used_up) {
  auto arena = *Arena::make(4096);
  std::byte* last = nullptr;
  for (const std::size_t align : {1U, 8U, 64U, 256U}) {
    auto* p = static_cast<std::byte*>(arena.try_allocate(100, align));
    cr_assert_eq(reinterpret_cast<uintptr_t>(p) % align, 0U);
    cr_assert(last == nullptr || p >= last + 100);
    last = p;
  }
  cr_assert_null(arena.try_allocate(4096, 1));
  cr_assert_null(arena.try_allocate(SIZE_MAX, 1));
}

Test(arena, release_makes_all_of_it_free_again) {
  auto arena = *Arena::make(4096);
  cr_assert_not_null(arena.try_allocate(4096, 1));
  cr_assert_null(arena.try_allocate(1, 1));
  arena.release();
  cr_assert_not_null(arena.try_allocate(4096, 1));
}

Test(pools, reuse_what_was_freed_and_never_hand_out_twice) {
  auto arena = *Arena::make(64 << 10);
  Pools pools(arena);
  std::set<void*> live;
  for (int i = 0; i < 100; ++i)
    cr_assert(live.insert(pools.try_allocate(100)).second);
  const std::size_t used = arena.used();
  for (void* p : live) pools.free(p, 100);
  std::set<void*> again;
  for (int i = 0; i < 100; ++i)
    cr_assert(again.insert(pools.try_allocate(128)).second);
  cr_assert(again == live);
  cr_assert_eq(arena.used(), used);
}

Test(pools, blocks_are_aligned_to_a_cache_line) {
  auto arena = *Arena::make(1 << 20);
  Pools pools(arena);
  for (std::size_t n = 0; n <= 65536; n = 2 * n + 1)
    cr_assert_eq(reinterpret_cast<uintptr_t>(pools.try_allocate(n)) % 64, 0U);
}

Test(pools, exhaustion_is_null_and_counted) {
  auto arena = *Arena::make(4096);
  Pools pools(arena);
  int got = 0;
  while (pools.try_allocate(64) != nullptr) ++got;
  cr_assert_gt(got, 40);
  cr_assert_eq(pools.failures(), 1U);
  cr_assert_null(pools.try_allocate(1 << 20));
  cr_assert_eq(pools.failures(), 2U);
}

Test(pools, reserve_says_when_the_arena_is_too_small) {
  auto arena = *Arena::make(4096);
  Pools pools(arena);
  cr_assert(static_cast<bool>(pools.reserve(64, 10)));
  const auto r = pools.reserve(64, 1000);
  cr_assert_not(static_cast<bool>(r));
  cr_assert_not(static_cast<bool>(pools.reserve(1 << 20, 1)));
}

Test(pools, serve_pmr_containers) {
  auto arena = *Arena::make(64 << 10);
  Pools pools(arena);
  PoolResource resource(pools);
  std::pmr::vector<int> v(&resource);
  for (int i = 0; i < 1000; ++i) v.push_back(i);
  cr_assert_eq(v[999], 999);
  cr_assert_throw(v.resize(1 << 20), std::bad_alloc);
}
