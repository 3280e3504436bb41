# Programs of the examples; built with the tests and by `make demo`.
handover_srcs := $(wildcard lib/examples/handover/plant*.cpp)
all_srcs += $(handover_srcs)
$O/handover-plant: $(call objs,$(handover_srcs)) $O/libtactus.a
	$(call link,$(lib_libs))
example_bins += $O/handover-plant

# The plant's tests link its parts, not its main and its wire.
$O/tests/unit-demo: $(patsubst %,$O/lib/examples/handover/plant_%.o, \
  geometry arm hand task watch witness)
$(call objs,$(wildcard tests/unit/demo/*_test.cpp)): \
  CPPFLAGS += -Ilib/examples/handover

demo: deps
	$Q$(MAKE) --no-print-directory $(jobs) cli $O/handover-plant
	$Qlib/examples/handover/demo.sh $O

# Controllers with their own driver, in C++ and in C.
all_srcs += lib/examples/cpp_arm/main.cpp lib/examples/c_arm/main.c
$O/cpp-arm: $O/lib/examples/cpp_arm/main.o $O/libtactus.a
	$(call link,$(lib_libs))
$O/c-arm: $O/lib/examples/c_arm/main.o $O/libtactus.a
	$(call link,$(lib_libs))
example_bins += $O/cpp-arm $O/c-arm

test-programs: $(example_bins)
