lib_srcs += $(wildcard lib/src/kin/*.cpp)
