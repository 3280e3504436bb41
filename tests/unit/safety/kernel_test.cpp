// SPDX-License-Identifier: MIT
// Every instruction set's kernel gives the bits of the portable one: output
// and carried state, on random cycles, and with NaN, infinities and zeros of
// both signs in the inputs.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "random_cycles.hpp"
#include "safety/expr/jit.hpp"
#include "safety/kernel.hpp"

using namespace rig;

namespace {

struct Tally {
  uint64_t differ = 0, pass = 0, scale = 0, project = 0, stop = 0;
  uint64_t holds_now = 0;
};

void compare(const Kernel& kernel, const std::unique_ptr<Image>& image,
             int cycles, Tally& sum) {
  cr_assert(image != nullptr);
  const ExprRunner runner =
      make_runner(image->expressions, kernel.isa, nullptr);
  Cycles source;
  const float tau[7] = {1, -2, 8.5F, 0, -0.0F, 1e-41F, 3};
  for (int i = 0; i < cycles; ++i) {
    Cycle a = source.next();
    a.in.value[4] = tau;
    Cycle b = a;
    // Machine code and VM by turns, where there is machine code.
    if (i % 2 == 0) b.in.native = runner.get();
    kPortableKernel.check_instant(*image, a.state, a.in, a.out);
    kernel.check_instant(*image, b.state, b.in, b.out);
    sum.differ += !same(a.out, b.out);
    sum.holds_now += a.out.rung == TACTUS_RUNG_PASS;
    kPortableKernel.check(*image, a.state, a.in, a.out);
    kernel.check(*image, b.state, b.in, b.out);
    const Sent sent{a.out.action, a.in.now_ns + 300'000,
                    a.out.rung != TACTUS_RUNG_STOP};
    kPortableKernel.committed(*image, a.state, sent);
    kernel.committed(*image, b.state, sent);
    sum.differ += !same(a.out, b.out) || !same_bits(a.state, b.state);
    sum.pass += a.out.rung == TACTUS_RUNG_PASS;
    sum.scale += a.out.rung == TACTUS_RUNG_SCALE;
    sum.project += a.out.rung == TACTUS_RUNG_PROJECT;
    sum.stop += a.out.rung == TACTUS_RUNG_STOP;
  }
}

void agrees_with_portable(const Kernel& kernel) {
  Tally sum;
  compare(kernel, with_expressions(), 20'000, sum);
  compare(kernel, with_project(), 20'000, sum);
  compare(kernel, among_many(), 1'500, sum);
  cr_assert(eq(u64, sum.differ, 0));
  // Cycles of every rung were among them.
  cr_assert(
      sum.pass > 100 && sum.scale > 100 && sum.project > 20 && sum.stop > 100,
      "pass %lu scale %lu project %lu stop %lu", sum.pass, sum.scale,
      sum.project, sum.stop);
  cr_assert(gt(u64, sum.holds_now, 100));
}

}  // namespace

Test(kernel, avx2_has_the_portable_bits) {
  if (!rt::isa_here(rt::Isa::kAvx2)) cr_skip_test("this machine lacks it");
  cr_assert(kernel_for(rt::Isa::kAvx2).isa == rt::Isa::kAvx2);
  agrees_with_portable(kernel_for(rt::Isa::kAvx2));
}

Test(kernel, avx512_has_the_portable_bits) {
  if (!rt::isa_here(rt::Isa::kAvx512)) cr_skip_test("this machine lacks it");
  cr_assert(kernel_for(rt::Isa::kAvx512).isa == rt::Isa::kAvx512);
  agrees_with_portable(kernel_for(rt::Isa::kAvx512));
}

// Also what tests/mutation asks of a mutant that nobody noticed.
Test(kernel, the_chosen_one_has_the_portable_bits) {
  agrees_with_portable(product());
}
