lib_srcs += $(wildcard lib/src/safety/*.cpp lib/src/safety/limits/*.cpp)

# The check once per instruction set; B=portable and other processors have
# the portable one alone.
safety_isas := portable
safety_isa_choice := portable
ifeq ($(B)/$(shell uname -m),$(filter-out portable,$(B))/x86_64)
safety_isas += avx2 avx512
safety_isa_choice := x86_64
endif
lib_srcs += $(safety_isas:%=lib/src/safety/kernels/%.cpp) \
            lib/src/safety/kernels/choose_$(safety_isa_choice).cpp

# sqrt as one instruction: errno is read by nobody. Not -ffast-math.
safety_kernel_flags := -O3 -fno-math-errno
flags-lib/src/safety/kernels/portable.cpp := $(safety_kernel_flags)
flags-lib/src/safety/kernels/avx2.cpp := $(safety_kernel_flags) -mavx2
flags-lib/src/safety/kernels/avx512.cpp := $(safety_kernel_flags) -mavx512f \
  -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512
