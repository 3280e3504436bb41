# Variants that CI runs: unit tests under ASan+UBSan, races under TSan. Memory
# errors need fewer cases than evidence does.
asan: export TACTUS_ADVERSARY ?= 2000
asan: export TACTUS_SPACE     ?= 25
asan: export QP_PROBLEMS      ?= 20000
.PHONY: sanitize asan tsan fuzz
sanitize: asan tsan
asan:
	@packaging/deps.sh build test fuzz
	$Q$(MAKE) --no-print-directory B=asan CXX='$(fuzz_cxx)' CC='$(fuzz_cc)' check
tsan:
	@packaging/deps.sh build test
	$Q$(MAKE) --no-print-directory B=tsan race

# What the three of them run.
.PHONY: sanitized-programs
sanitized-programs:
	$Q$(MAKE) --no-print-directory B=asan CXX='$(fuzz_cxx)' CC='$(fuzz_cc)' \
	  unit-programs fuzz-programs
	$Q$(MAKE) --no-print-directory B=tsan race-programs

.PHONY: race race-programs
race-programs: $(race_bins)
race: $(race_bins)
	$Qtests/run.sh $^

# libFuzzer needs clang. FUZZ_SECONDS each; a crash leaves its input in
# build/fuzz. The corpora of earlier runs are kept there too.
FUZZ_SECONDS ?= 10
fuzz_cxx ?= clang++-19
fuzz_cc  ?= clang-19
fuzz_targets := $(patsubst tests/fuzz/%_fuzz.cpp,%,\
                  $(wildcard tests/fuzz/*_fuzz.cpp))
fuzz:
	@packaging/deps.sh build fuzz
	$Q$(MAKE) --no-print-directory B=asan CXX='$(fuzz_cxx)' CC='$(fuzz_cc)' \
	  fuzz-programs
	$Qtests/fuzz/run.sh $(FUZZ_SECONDS) $(fuzz_targets:%=build/asan/tests/%_fuzz)

.PHONY: fuzz-programs
fuzz-programs: $(fuzz_targets:%=$O/tests/%_fuzz)
$O/tests/%_fuzz: $O/tests/fuzz/%_fuzz.o $O/libtactus.a
	$(call link,-fsanitize=fuzzer $(lib_libs))
all_srcs += $(wildcard tests/fuzz/*_fuzz.cpp)
