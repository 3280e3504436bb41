# What goes out: install, tactus.pc, lint and the CI entry.
deps:
	@packaging/deps.sh build test

pc = $O/tactus.pc
$(pc): packaging/tactus.pc.in VERSION
	@mkdir -p $(@D)
	$Qsed -e 's|@prefix@|$(prefix)|; s|@libdir@|$(libdir)|' \
	  -e 's|@version@|$(VERSION)|' $< > $@

man1 := $(wildcard packaging/man/*.1.scd)
bash_dir := $(prefix)/share/bash-completion/completions
INSTALL ?= install
dest = $(DESTDIR)$(1)

install: lib cli $(pc)
	$(call say,INST,$(call dest,$(prefix)))
	$Q$(INSTALL) -d $(call dest,$(prefix)/bin) $(call dest,$(libdir)/pkgconfig) \
	  $(call dest,$(prefix)/include/tactus) $(call dest,$(libdir)/tactus) \
	  $(call dest,$(prefix)/share/man/man1) $(call dest,$(bash_dir))
	$Q$(INSTALL) -m 644 packaging/completions/rtctl.bash \
	  $(call dest,$(bash_dir)/rtctl)
	$Q$(INSTALL) -m 755 $O/rtctl $(call dest,$(prefix)/bin/)
	$Q$(INSTALL) -m 644 lib/include/tactus/* $(call dest,$(prefix)/include/tactus/)
	$Q$(INSTALL) -m 644 $O/libtactus.a $(call dest,$(libdir)/)
	$Q$(INSTALL) -m 755 $O/libtactus.so.$(ABI) $(call dest,$(libdir)/)
	$Qln -sf libtactus.so.$(ABI) $(call dest,$(libdir)/libtactus.so)
	$Qfor p in $(plugins); do \
	  $(INSTALL) -m 755 $$p $(call dest,$(libdir)/tactus/); done
	$Q$(INSTALL) -m 644 $(pc) $(call dest,$(libdir)/pkgconfig/)
	$Qcommand -v scdoc >/dev/null || \
	  echo "no scdoc: the man page is not installed" >&2
	$Qcommand -v scdoc >/dev/null || exit 0; for m in $(man1); do scdoc < $$m \
	  > $(call dest,$(prefix)/share/man/man1)/$$(basename $$m .scd); done

uninstall:
	rm -rf $(call dest,$(prefix)/include/tactus) $(call dest,$(libdir)/tactus)
	rm -f $(call dest,$(bash_dir)/rtctl) $(call dest,$(prefix)/bin/rtctl) $(call dest,$(libdir))/libtactus.* \
	  $(call dest,$(libdir)/pkgconfig/tactus.pc) \
	  $(patsubst packaging/man/%.scd,$(call dest,$(prefix)/share/man/man1)/%,$(man1))

lint:
	@packaging/deps.sh build test lint
	@packaging/lint.sh

# What the compiler is told about FILE, for clang-tidy.
.PHONY: tidy-flags
tidy-flags:
	@: $(info $(CPPFLAGS) $(flags-$(FILE)))

format:
	git ls-files '*.cpp' '*.hpp' '*.c' '*.h' | xargs clang-format-19 -i
