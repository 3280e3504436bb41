lib_srcs += $(wildcard lib/src/trace/*.cpp)
lib_libs += -luring
flags-lib/src/trace/log_info.cpp = $(no_ubsan)
