# make bench [ONLY=name]: bench/<name>_bench.cpp, each prints a table and
# writes build/bench/<name>.json; one that cannot run here says why (77).
bench_srcs := $(wildcard bench/*_bench.cpp)
bench_bins := $(patsubst %.cpp,$O/%,$(bench_srcs))
all_srcs   += $(bench_srcs)
$O/bench/%_bench: $O/bench/%_bench.o $O/libtactus.a
	$(call link,$(lib_libs) $(bench_libs))
$O/bench/%.o: CPPFLAGS += -Ibench
tidy-flags: CPPFLAGS += $(if $(filter bench/%,$(FILE)),-Ibench)

# Inference has peers; those that are not installed are left out by name.
native := $(if $(filter x86_64,$(shell uname -m)),-march=native)
peer_srcs := bench/nets.cpp $(addprefix bench/peers/,naive.cpp eigen.cpp \
  onednn.cpp onednn_lstm.cpp ort.cpp read_loop.cpp tactus.cpp)
peer_libs := -ldnnl
peer_defs :=
ifneq ($(wildcard /usr/include/libxsmm.h),)
peer_srcs += bench/peers/libxsmm.cpp
peer_libs += -lxsmm -lblas
peer_defs += -DBENCH_LIBXSMM
endif
ifneq ($(wildcard /usr/include/xnnpack.h),)
peer_srcs += bench/peers/xnnpack.cpp
peer_libs += -lXNNPACK
peer_defs += -DBENCH_XNNPACK
endif
all_srcs += $(peer_srcs)
flags-bench/inference_bench.cpp := $(peer_defs)
flags-bench/peers/naive.cpp := -O3 $(native)
flags-bench/peers/read_loop.cpp := -O3 $(native)
flags-bench/peers/eigen.cpp := -O3 $(native) -Wno-conversion -Wno-maybe-uninitialized \
  $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags eigen3))
with_peers := $(patsubst %,$O/bench/%_bench,inference models load recurrent growth)
$(with_peers): $(call objs,$(peer_srcs))
$(with_peers): bench_libs := $(peer_libs)
all_srcs += bench/growth_svg.cpp
$O/bench/growth_bench: $O/bench/growth_svg.o

# Expressions have peers too.
expr_srcs := bench/safety_sizes.cpp bench/expressions_rows.cpp \
  bench/peers/expr_compiled.cpp
flags-bench/peers/expr_compiled.cpp := -O3 $(native)
expr_libs :=
ifneq ($(wildcard /usr/include/muParser.h),)
expr_srcs += bench/peers/expr_muparser.cpp
flags-bench/expressions_rows.cpp := -DBENCH_MUPARSER
expr_libs += -lmuparser
endif
safety_srcs := $(expr_srcs) bench/safety_images.cpp bench/safety_runs.cpp
# FCL's headers convert and shadow.
ifneq ($(wildcard /usr/include/fcl/config.h),)
safety_srcs += bench/safety_peers.cpp
flags-bench/safety_bench.cpp := -DBENCH_FCL
flags-bench/safety_peers.cpp := -O3 -Wno-conversion -Wno-maybe-uninitialized \
  -isystem /usr/include/eigen3
expr_libs += -lfcl -lccd
endif
all_srcs += $(safety_srcs)
$O/bench/safety_bench: $(call objs,$(safety_srcs)) $O/bench/growth_svg.o
$O/bench/safety_bench: bench_libs := $(expr_libs)

cost_srcs := bench/cost_fit.cpp bench/cost_images.cpp bench/cost_rows.cpp
all_srcs += $(cost_srcs)
$O/bench/cost_bench: $(call objs,$(cost_srcs))

# Runs the demo.
$O/bench/cycle_bench: | $O/rtctl $O/handover-plant

bench: deps-bench
	$Q$(MAKE) --no-print-directory bench-run
.PHONY: deps-bench bench-run
deps-bench:
	@packaging/deps.sh build bench peers
bench-run: $(if $(ONLY),$(ONLY:%=$O/bench/%_bench),$(bench_bins))
	$Qset -e; for b in $^; do $$b || [ $$? = 77 ]; done
