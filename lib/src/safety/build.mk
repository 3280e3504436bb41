lib_srcs += $(wildcard lib/src/safety/*.cpp lib/src/safety/limits/*.cpp)
$(eval $(call kernels,lib/src/safety/kernels))
