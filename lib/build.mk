# The library: every room's objects, as an archive and as a shared object
# that exports the C ABI only.
lib_objs := $(call objs,$(lib_srcs))
all_srcs += $(lib_srcs)

$O/libtactus.a: $(lib_objs)
	$(call say,AR,$@)
	$Qrm -f $@ && $(AR) rcs $@ $^

$O/libtactus.so.$(ABI): $(lib_objs) lib/tactus.map
	$(call say,LINK,$@)
	$Q$(CXX) -shared $(LDFLAGS) -Wl,-soname,libtactus.so.$(ABI) \
	  -Wl,--version-script=lib/tactus.map -Wl,--no-undefined \
	  -o $@ $(filter %.o,$^) $(lib_libs)

$O/libtactus.so: $O/libtactus.so.$(ABI)
	$Qln -sf $(<F) $@
