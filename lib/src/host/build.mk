lib_srcs += $(wildcard lib/src/host/*.cpp)
