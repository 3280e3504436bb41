lib_srcs += $(wildcard lib/src/trace/*.cpp)
lib_libs += -luring
