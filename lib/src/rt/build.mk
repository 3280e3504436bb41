lib_srcs += $(wildcard lib/src/rt/*.cpp)
