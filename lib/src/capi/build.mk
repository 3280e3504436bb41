lib_srcs += $(wildcard lib/src/capi/*.cpp)
