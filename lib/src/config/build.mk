lib_srcs += $(wildcard lib/src/config/*.cpp)
