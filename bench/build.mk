# make bench [ONLY=name]: bench/<name>_bench.cpp, each prints a table and
# writes build/bench/<name>.json; one that cannot run here says why (77).
bench_srcs := $(wildcard bench/*_bench.cpp)
bench_bins := $(patsubst %.cpp,$O/%,$(bench_srcs))
all_srcs   += $(bench_srcs)
$O/bench/%_bench: $O/bench/%_bench.o $O/libtactus.a
	$(call link,$(lib_libs))
$O/bench/%.o: CPPFLAGS += -Ibench

# Runs the demo.
$O/bench/cycle_bench: | $O/rtctl $O/handover-plant

bench: $(if $(ONLY),$(ONLY:%=$O/bench/%_bench),$(bench_bins))
	$Qset -e; for b in $^; do $$b || [ $$? = 77 ]; done
