# SPDX-License-Identifier: MIT
# One make, no recursion: each room's build.mk adds to the lists below.
#   make demo     install what is missing, build, run the handover demo
#   make test     install what is missing, build, run every test
# V=1 shows commands; B=asan|ubsan|tsan|portable builds a variant beside.

VERSION := $(shell cat VERSION)
ABI     := 0
prefix  ?= /usr/local
libdir  ?= $(prefix)/lib
B       ?= release
O       := build/$(B)
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))
PKG_CONFIG ?= pkg-config

WARN     := -Wall -Wextra -Wconversion -Wshadow
# CI asks for -g1: lines for traces, without what a debugger shows.
DEBUG_INFO ?= -g
OPT.release  := -O2 $(DEBUG_INFO)
OPT.portable := -O2 $(DEBUG_INFO) -DTACTUS_PORTABLE
# With clang the same objects serve the fuzz targets.
OPT.asan     := -O1 $(DEBUG_INFO) -DTACTUS_SANITIZED -fsanitize=address,undefined \
                $(if $(findstring clang,$(CXX)),-fsanitize=fuzzer-no-link) \
                -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT.ubsan    := -O1 $(DEBUG_INFO) -DTACTUS_SANITIZED -fsanitize=undefined \
                -fno-sanitize-recover=all
OPT.tsan     := -O1 $(DEBUG_INFO) -DTACTUS_SANITIZED -fsanitize=thread
# Translation units full of a header library's templates: UBSan's checks of
# that library cost a minute each and tell nothing about us.
no_ubsan := $(if $(findstring undefined,$(OPT.$(B))),-fno-sanitize=undefined)
SAN      := $(filter -fsanitize=% -fno-sanitize-recover=%,$(OPT.$(B)))
CPPFLAGS += -Ilib/include -Ilib/src -I$O/gen -DTACTUS_VERSION='"$(VERSION)"'
# Fused multiply-add only where it is written: replay compares bits.
CXXFLAGS += -std=c++20 $(OPT.$(B)) $(WARN) -ffp-contract=off -fPIC \
            -fvisibility=hidden -pthread
CFLAGS   += -std=c11 $(OPT.$(B)) $(WARN) -fPIC
LDFLAGS  += $(SAN) -pthread

# Kernels are compiled once per instruction set; B=portable and other
# processors have the portable ones alone.
isas       := portable
isa_choice := portable
ifeq ($(if $(filter portable,$(B)),,$(shell uname -m)),x86_64)
isas       += avx2 avx512
isa_choice := x86_64
endif
kernel_flags.portable := -O3 -fno-math-errno
kernel_flags.avx2     := $(kernel_flags.portable) -mavx2 -mfma
kernel_flags.avx512   := $(kernel_flags.portable) -mavx512f -mavx512dq \
                         -mavx512bw -mavx512vl -mprefer-vector-width=512
# kernels FOLDER: its sources, each with its flags.
define kernels
lib_srcs += $$(patsubst %,$(1)/%.cpp,$(isas) choose_$(isa_choice))
$(foreach i,$(isas),flags-$(1)/$i.cpp := $(kernel_flags.$i)
)
endef

lib_srcs :=
lib_libs :=
bins     :=
tests    :=
all_srcs :=

# What demo and test build they build with all processors, unless -j says.
jobs = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.DEFAULT_GOAL := all
.PHONY: all lib cli deps demo test check lint format bench prove \
        install uninstall clean
.SECONDARY:
.DELETE_ON_ERROR:

objs = $(patsubst %,$O/%.o,$(basename $(1)))
define link
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$Q$(CXX) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(1)
endef

include $(sort $(wildcard lib/src/*/build.mk))
include lib/build.mk cli/build.mk bench/build.mk
include tests/build.mk tests/fuzz/build.mk
include lib/examples/build.mk
include packaging/build.mk

all: lib cli
lib: $O/libtactus.a $O/libtactus.so
cli: $O/rtctl

$O/%.o: %.cpp
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$Q$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(flags-$<) -MMD -MP -c $< -o $@

$O/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

clean:
	rm -rf build

-include $(patsubst %,$O/%.d,$(basename $(all_srcs)))
