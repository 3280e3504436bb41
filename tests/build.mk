# tests/unit/<room>/*.cpp become one Criterion program per room; anything
# executable named tests/*/*.sh is a test too (exit 77 = skipped).
unit_rooms := $(notdir $(patsubst %/,%,$(dir \
                $(wildcard tests/unit/*/*_test.cpp))))
unit_rooms := $(sort $(unit_rooms))

define unit_room
unit_$(1)_srcs := $$(wildcard tests/unit/$(1)/*_test.cpp)
all_srcs += $$(unit_$(1)_srcs)
$O/tests/unit-$(1): $$(call objs,$$(unit_$(1)_srcs)) $O/libtactus.a
	$$(call link,$$(lib_libs) -lcriterion)
unit_bins += $O/tests/unit-$(1)
endef
$(foreach r,$(unit_rooms),$(eval $(call unit_room,$(r))))

# Own main: Criterion does not run under TSan. These rooms alone are a quarter
# of the library for TSan to build; what a race needs beyond them, the linker
# names.
race_rooms := core rt guard io trace
race_srcs := $(wildcard tests/race/*_race.cpp)
race_bins := $(patsubst tests/race/%.cpp,$O/tests/%,$(race_srcs))
all_srcs  += $(race_srcs)
$O/tests/races.a: $(call objs,$(filter $(race_rooms:%=lib/src/%/%),$(lib_srcs)))
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$Qrm -f $@ && $(AR) rcs $@ $^
$O/tests/%_race: $O/tests/race/%_race.o $O/tests/races.a
	$(call link,$(lib_libs))

script_tests := $(sort $(wildcard tests/cli/*.sh tests/oracle/*.sh \
                  tests/mutation/*.sh tests/pkg/*.sh tests/vm/*.sh))

.PHONY: unit-programs
unit-programs: $(unit_bins)

# The scripts test the variant that was built.
check: $(unit_bins)
	$QO=$O tests/run.sh $^

test: deps
	$Q$(MAKE) --no-print-directory $(jobs) all test-programs
	$QO=$O tests/run.sh $(unit_bins) $(race_bins) $(script_tests)

.PHONY: test-programs
test-programs: $(unit_bins) $(race_bins)

# Criterion's macros convert; everything else stays strict.
$O/tests/%.o: CXXFLAGS += -Wno-conversion

# Preloaded libraries: rt_audit counts what the RT thread must not do, hang
# makes it fail on request.
preloads := $(patsubst tests/audit/%.c,$O/tests/lib%.so,\
              $(wildcard tests/audit/*.c))
$O/tests/lib%.so: tests/audit/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$Q$(CC) -std=gnu11 -O2 $(DEBUG_INFO) $(WARN) -Wno-conversion -fPIC -shared -o $@ $<
test-programs: $(preloads)

# Functions for rows of kind = "callback".
$O/tests/door.so: tests/tools/door.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$Q$(CC) -std=gnu11 -O2 $(DEBUG_INFO) $(WARN) -Ilib/include -fPIC -shared -o $@ $< -lm
test-programs: $O/tests/door.so

# What policy_audit.sh runs under rt_audit.
all_srcs += tests/audit/policy_calls.cpp
$O/tests/policy-calls: $O/tests/audit/policy_calls.o $O/libtactus.a
	$(call link,$(lib_libs))
test-programs: $O/tests/policy-calls

# What scripts need to change or read files that only Tactus writes, and to
# run many models.
tools := $(patsubst tests/tools/%_edit.cpp,$O/tests/%-edit,\
           $(wildcard tests/tools/*_edit.cpp)) $O/tests/model-batch
all_srcs += $(wildcard tests/tools/*.cpp)
$O/tests/%-edit: $O/tests/tools/%_edit.o $O/libtactus.a
	$(call link,$(lib_libs))
$O/tests/model-batch: $O/tests/tools/model_batch.o $O/libtactus.a
	$(call link,$(lib_libs))
test-programs: $(tools)
all_srcs += tests/tools/qp_problems.cpp
$O/tests/qp-problems: $O/tests/tools/qp_problems.o $O/libtactus.a
	$(call link,$(lib_libs))
test-programs: $O/tests/qp-problems
$O/tests/device-cycles: $O/tests/tools/device_cycles.o $O/libtactus.a
	$(call link,$(lib_libs))
test-programs: $O/tests/device-cycles

# The shield's kernel in a namespace of its own, with the tests that watch it:
# what tests/mutation/ changes, an instruction at a time. Without the copies
# of loops that -O3 makes and few calls reach.
mutated_cpu := $(foreach i,avx512vl avx2,$(shell grep -qw $i /proc/cpuinfo && \
                 echo $(i:vl=)))
mutated := $(patsubst %,$O/mutated/%_test.o,contracts rows oracle adversary \
             space trajectory loads contact barriers barriers_figures expr_vm qp \
             project kernel past past_time memory rollout near sliding screen \
             instant row_order bad_signals)
$(mutated): $O/mutated/%.o: tests/unit/safety/%.cpp
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$Q$(CXX) $(CPPFLAGS) -DTACTUS_KERNEL_SPACE=mutated -DTACTUS_MUTATED \
	  $(CXXFLAGS) -Wno-conversion \
	  $(kernel_flags.$(firstword $(filter $(isas),$(mutated_cpu)) portable)) \
	  -O1 \
	  -MMD -MP -c $< -o $@
$O/mutated/unit-shield: $(mutated) $O/libtactus.a
	$(call link,$(lib_libs) -lcriterion)
all_srcs += tests/mutation/mutants.cpp
$O/tests/mutants: $O/tests/mutation/mutants.o
	$(call link)
test-programs: $O/mutated/unit-shield $O/tests/mutants
-include $(mutated:.o=.d)

# The long evidence, with figures; see the script for what can be overridden.
prove: cli test-programs
	$Qtests/prove.sh $O
