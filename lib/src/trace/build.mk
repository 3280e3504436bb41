lib_srcs += $(wildcard lib/src/trace/*.cpp)
