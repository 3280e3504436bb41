// SPDX-License-Identifier: MIT
// AddressSanitizer has its own malloc; counting is for the other builds.
#include "allocations.hpp"

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdlib>

#include "../instrumented.hpp"

namespace tactus::policy::test {

std::atomic<long> allocations{0};

void need_counter() {
  if (kInstrumented) cr_skip_test("AddressSanitizer owns malloc");
}

}  // namespace tactus::policy::test

using namespace tactus::policy::test;

#if !TACTUS_INSTRUMENTED
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t m) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(n, m);
}
void* realloc(void* p, std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t a, std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(a, n);
}
}
#endif

Test(allocations, are_counted) {
  need_counter();
  const long before = allocations.load();
  void* volatile p = std::malloc(1);
  std::free(p);
  cr_assert_eq(allocations.load() - before, 1);
}
