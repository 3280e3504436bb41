lib_srcs += $(wildcard lib/src/io/*.cpp)
