lib_srcs += $(wildcard lib/src/policy/*.cpp)
