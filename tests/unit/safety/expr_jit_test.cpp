// SPDX-License-Identifier: MIT
// Machine code gives the VM's bits, everywhere; where it cannot be had the
// VM runs, and says so.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/prctl.h>

#include <cstring>

#include "expr_rig.hpp"
#include "safety/expr/jit.hpp"
#include "safety/kernel.hpp"

using namespace expr_rig;

namespace {

// Of random expressions, as many as the tables hold, so that registers run
// out and slots go to memory.
std::unique_ptr<Expressions> many(Recipes& random, std::size_t count,
                                  int depth) {
  std::vector<std::string> texts;
  std::unique_ptr<Expressions> best;
  for (int tries = 0; tries < 200 && texts.size() < count; ++tries) {
    texts.push_back(random.draw(depth).text());
    auto all = compiled(texts);
    if (all)
      best = std::move(all);
    else
      texts.pop_back();
  }
  return best;
}

void has_the_bits_of_the_vm(rt::Isa isa) {
  if (!rt::isa_here(isa)) cr_skip_test("this machine lacks it");
  Recipes random(5);
  uint32_t ops = 0, most = 0;
  for (int i = 0; i < 120; ++i) {
    const auto all = many(random, 1 + random.bits() % 24, 4);
    if (!all) continue;
    const ExprRunner runner = compile_native(*all, isa);
    cr_assert(runner.code != nullptr, "%s", runner.refusal.c_str());
    cr_assert(agrees(*all, runner.native, 100), "set %d", i);
    ops += all->program[0].ops;
    most = std::max(most, all->program[0].registers);
  }
  // Longer than any processor has registers.
  cr_assert(ops > 10'000 && most > 64, "%u operations, %u registers", ops,
            most);
}

}  // namespace

Test(expr_jit, avx2_has_the_bits_of_the_vm) {
  has_the_bits_of_the_vm(rt::Isa::kAvx2);
}

Test(expr_jit, avx512_has_the_bits_of_the_vm) {
  has_the_bits_of_the_vm(rt::Isa::kAvx512);
}

// The VM itself, on each instruction set: the portable one's bits.
Test(expr_jit, every_vm_has_the_portable_bits) {
  Recipes random(6);
  int compared = 0;
  for (int i = 0; i < 120; ++i) {
    const auto all = many(random, 1 + random.bits() % 12, 4);
    if (!all) continue;
    for (const rt::Isa isa : {rt::Isa::kAvx2, rt::Isa::kAvx512}) {
      if (!rt::isa_here(isa)) continue;
      static const Kernel* kernel;
      kernel = &kernel_for(isa);
      ExprNative vm;
      // agrees() runs each program of the set: only the first has rows.
      static const ExprProgram* program;
      program = &all->program[0];
      vm.run[0] = [](double* reg) noexcept { kernel->run(*program, reg); };
      cr_assert(agrees(*all, vm, 50), "set %d on %s", i, rt::isa_name(isa));
      ++compared;
    }
  }
  if (compared == 0) cr_skip_test("this machine lacks them");
}

// The admission can fail: code of another program is found out.
Test(expr_jit, code_that_computes_something_else_is_not_admitted) {
  const rt::Isa isa = *rt::choose_isa(nullptr);
  if (isa == rt::Isa::kPortable) cr_skip_test("no JIT here");
  const auto one = compiled({"x0 * x1 + x2"});
  for (const char* text :
       {"x0 * x1 - x2", "min(x0, x1) + x2", "x0 * x1 + (x2 + 1e-15)"}) {
    auto other = compiled({text});
    const ExprRunner code = compile_native(*other, isa);
    // The same places, so that only the arithmetic differs.
    const bool admitted = agrees(*one, code.native, 100);
    cr_assert(admitted == false, "%s", text);
  }
  cr_assert(agrees(*one, compile_native(*one, isa).native, 100));
}

Test(expr_jit, says_what_runs) {
  const auto all = compiled({"x0 * x1"});
  const rt::Isa isa = *rt::choose_isa(nullptr);
  if (isa == rt::Isa::kPortable) cr_skip_test("no JIT here");
  const ExprRunner on = make_runner(*all, isa, nullptr);
  cr_assert(on.name == std::string("jit ") + rt::isa_name(isa));
  cr_assert(on.refusal.empty() && on.get() != nullptr);
  const ExprRunner off = make_runner(*all, isa, "off");
  cr_assert(off.name == "vm" && off.get() == nullptr);
  cr_assert(off.refusal == "TACTUS_JIT=off");
  const ExprRunner portable = make_runner(*all, rt::Isa::kPortable, nullptr);
  cr_assert(portable.name == "vm" && portable.get() == nullptr);
}

Test(expr_jit, makes_no_code_where_there_is_no_expression) {
  const auto none = std::make_unique<Expressions>();
  const rt::Isa isa = *rt::choose_isa(nullptr);
  const ExprRunner runner = make_runner(*none, isa, nullptr);
  cr_assert(runner.get() == nullptr && runner.refusal.empty());
}

// Each test is a process of its own: the refusal ends with it.
Test(expr_jit, the_vm_runs_where_executable_memory_is_refused) {
  constexpr int kSetMdwe = 65;  // PR_SET_MDWE, newer than some headers
  if (prctl(kSetMdwe, 1UL, 0UL, 0UL, 0UL) != 0)
    cr_skip_test("this kernel cannot refuse executable memory");
  const auto all = compiled({"x0 * x1"});
  const rt::Isa isa = *rt::choose_isa(nullptr);
  if (isa == rt::Isa::kPortable) cr_skip_test("no JIT here");
  const ExprRunner runner = make_runner(*all, isa, nullptr);
  cr_assert(runner.name == "vm" && runner.get() == nullptr);
  cr_assert(runner.refusal == "the system refuses executable memory");
}
