lib_srcs += $(wildcard lib/src/kin/*.cpp)
lib_libs += -lurdfdom_model -lconsole_bridge -ltinyxml
# Eigen is the test's oracle only.
flags-tests/unit/kin/fk_test.cpp := $(shell $(PKG_CONFIG) --cflags eigen3)
