lib_srcs += $(wildcard lib/src/kin/*.cpp)
lib_libs += -lurdfdom_model -lconsole_bridge
