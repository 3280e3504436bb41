lib_srcs += $(wildcard lib/src/core/*.cpp)
lib_libs += -lfmt
