lib_srcs += $(wildcard lib/src/policy/*.cpp)
lib_srcs += $(foreach d,onnx ir backends,$(wildcard lib/src/policy/$d/*.cpp))

# The kernels once per instruction set; B=portable and other processors have
# the portable one alone.
policy_isas := portable
policy_isa_choice := portable
ifeq ($(B)/$(shell uname -m),$(filter-out portable,$(B))/x86_64)
policy_isas += avx2 avx512
policy_isa_choice := x86_64
endif
lib_srcs += $(patsubst %,lib/src/policy/kernels/%.cpp,$(policy_isas) \
              choose_$(policy_isa_choice) find pack select_gemv)
policy_kernel_flags := -O3 -fno-math-errno
flags-lib/src/policy/kernels/portable.cpp := $(policy_kernel_flags)
flags-lib/src/policy/kernels/avx2.cpp := $(policy_kernel_flags) -mavx2 -mfma
flags-lib/src/policy/kernels/avx512.cpp := $(policy_kernel_flags) -mavx512f \
  -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512

flags-lib/src/policy/ir/ops_matrix.cpp := \
  $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags eigen3))
flags-lib/src/policy/metadata.cpp = $(no_ubsan)

# oneDNN in a module of its own: it drags libgomp in.
flags-lib/src/policy/backends/module.cpp := -DTACTUS_LIBDIR='"$(libdir)"'
onednn_srcs := lib/src/policy/onednn/onednn.cpp
all_srcs    += $(onednn_srcs)
$O/libtactus-onednn.so: $(call objs,$(onednn_srcs))
	$(call say,LINK,$@)
	$Q$(CXX) -shared $(LDFLAGS) -o $@ $(filter %.o,$^) -ldnnl
lib: $O/libtactus-onednn.so
$O/tests/unit-policy: | $O/libtactus-onednn.so
