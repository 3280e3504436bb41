lib_srcs += $(wildcard lib/src/policy/*.cpp)
lib_srcs += $(foreach d,onnx ir backends,$(wildcard lib/src/policy/$d/*.cpp))

lib_srcs += $(patsubst %,lib/src/policy/kernels/%.cpp,find pack round \
              select_gemv select_product)
$(eval $(call kernels,lib/src/policy/kernels))
ifneq ($(filter avx512,$(isas)),)
lib_srcs += lib/src/policy/kernels/avx512vnni.cpp
flags-lib/src/policy/kernels/avx512vnni.cpp := $(kernel_flags.avx512) \
                                               -mavx512vnni
endif

flags-lib/src/policy/ir/ops_matrix.cpp := \
  $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags eigen3))
flags-lib/src/policy/metadata.cpp = $(no_ubsan)

# oneDNN in a module of its own: it drags libgomp in.
flags-lib/src/policy/backends/module.cpp := -DTACTUS_LIBDIR='"$(libdir)"'
onednn_srcs := $(wildcard lib/src/policy/onednn/*.cpp)
all_srcs    += $(onednn_srcs)
$O/libtactus-onednn.so: $(call objs,$(onednn_srcs))
	$(call say,LINK,$@)
	$Q$(CXX) -shared $(LDFLAGS) -o $@ $(filter %.o,$^) -ldnnl
lib: $O/libtactus-onednn.so
$O/tests/unit-policy: | $O/libtactus-onednn.so
