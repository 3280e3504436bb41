lib_srcs += $(wildcard lib/src/safety/*.cpp lib/src/safety/seal/*.cpp \
              lib/src/safety/limits/*.cpp lib/src/safety/limits/families/*.cpp \
              lib/src/safety/expr/*.cpp lib/src/safety/redundancy/*.cpp)
$(eval $(call kernels,lib/src/safety/kernels))

# Machine code for expressions: where there is a writer for it.
expr_jit := $(if $(filter x86_64,$(isa_choice)),x86_64,none)
lib_srcs += lib/src/safety/expr/jit/$(expr_jit).cpp
