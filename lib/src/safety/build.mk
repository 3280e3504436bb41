lib_srcs += $(wildcard lib/src/safety/*.cpp lib/src/safety/limits/*.cpp)

# sqrt as one instruction: errno is read by nobody. Not -ffast-math.
flags-lib/src/safety/shield.cpp := -O3 -fno-math-errno
