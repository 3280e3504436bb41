// SPDX-License-Identifier: MIT
// The shield's check of one state, as a GPU would run it: the same headers,
// every function in them made a device function, and what they call of
// planner.cpp and play.cpp. Compiled by device_check.sh, to PTX, without any
// header of CUDA's; nothing is run.
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

__global__ void check_one(const Image* image, ShieldState* state,
                          const ShieldInput* in, ShieldOutput* out) {
  check_with<NoFault>(*image, *state, *in, *out);
}
