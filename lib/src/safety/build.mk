lib_srcs += $(wildcard lib/src/safety/*.cpp lib/src/safety/limits/*.cpp)
