// SPDX-License-Identifier: MIT
#include "rt/isa.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string>

using namespace tactus::rt;

Test(isa, portable_can_always_be_forced) {
  const auto isa = choose_isa("portable");
  cr_assert(static_cast<bool>(isa));
  cr_assert(eq(int, static_cast<int>(*isa), 0));
}

Test(isa, unforced_takes_the_widest_here) {
  const auto isa = choose_isa(nullptr);
  cr_assert(static_cast<bool>(isa));
  cr_assert(eq(int, isa_here(*isa), 1));
  for (const Isa other : kIsas) {
    if (isa_here(other))
      cr_assert(le(int, static_cast<int>(other), static_cast<int>(*isa)));
  }
}

Test(isa, a_name_that_is_none_is_bad_input_and_lists_them) {
  const auto isa = choose_isa("sse9");
  cr_assert(not(static_cast<bool>(isa)));
  cr_assert(eq(int, isa.error().exit_code(), 2));
  cr_assert(std::string(isa.error().text()).find("avx512") !=
            std::string::npos);
}

Test(isa, what_this_machine_lacks_is_unavailable) {
  for (const Isa isa : kIsas) {
    if (isa_here(isa)) continue;
    const auto forced = choose_isa(isa_name(isa));
    cr_assert(not(static_cast<bool>(forced)));
    cr_assert(eq(int, forced.error().exit_code(), 3));
  }
}
