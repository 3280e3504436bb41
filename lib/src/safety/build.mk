lib_srcs += $(wildcard lib/src/safety/*.cpp)
