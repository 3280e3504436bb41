lib_srcs += $(wildcard lib/src/telemetry/*.cpp)
