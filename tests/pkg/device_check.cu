// SPDX-License-Identifier: MIT
// The shield's check, as a GPU runs it: the same headers, every function in
// them made a device function, and what they call of planner.cpp and play.cpp.
// Compiled by device_check.sh, to PTX, without any header of CUDA's.
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define TACTUS_KERNEL_SPACE device

// What is not arithmetic stays on the host.
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <system_error>

#include "rt/isa.hpp"

// All of libm that the check uses; correctly rounded there as here.
__device__ inline double sqrt(double x) {
  double root;
  asm("sqrt.rn.f64 %0, %1;" : "=d"(root) : "d"(x));
  return root;
}
namespace std {
__device__ inline double sqrt(double x) { return ::sqrt(x); }
__device__ inline double fabs(double x) { return __builtin_fabs(x); }
}  // namespace std

#pragma clang force_cuda_host_device begin
#include "safety/kernels/kernel_impl.hpp"
#include "safety/planner.cpp"
#include "safety/play.cpp"
#pragma clang force_cuda_host_device end

using namespace tactus::safety;

// One cycle a thread, as the loop has it: what holds at this instant, the
// ladder, and what was sent of it. `in` points to memory of the GPU.
extern "C" __global__ void check_each(const Image* image, const ShieldInput* in,
                                      ShieldState* state, ShieldOutput* instant,
                                      ShieldOutput* out, unsigned count) {
  const unsigned i =
      __nvvm_read_ptx_sreg_ctaid_x() * __nvvm_read_ptx_sreg_ntid_x() +
      __nvvm_read_ptx_sreg_tid_x();
  if (i >= count) return;
  check_instant_with<NoFault>(*image, state[i], in[i], instant[i]);
  check_with<NoFault>(*image, state[i], in[i], out[i]);
  const Sent sent{out[i].action, in[i].now_ns + 300'000,
                  out[i].rung != TACTUS_RUNG_STOP};
  committed_with<NoFault>(*image, state[i], sent);
}
