lib_srcs += $(wildcard lib/src/telemetry/*.cpp)
flags-lib/src/telemetry/control_protocol.cpp = $(no_ubsan)
