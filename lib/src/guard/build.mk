lib_srcs += $(wildcard lib/src/guard/*.cpp)
