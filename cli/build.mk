cli_srcs := $(wildcard cli/*.cpp)
all_srcs += $(cli_srcs)
$O/rtctl: $(call objs,$(cli_srcs)) $O/libtactus.a
	$(call link,$(lib_libs))
flags-cli/options.cpp = $(no_ubsan)
