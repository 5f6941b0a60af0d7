# doorstep: `make` builds, `make demo` shows, `make test` proves. `make help` lists the rest.
#
# One archive per room, linked from the top floor down; a test links its room and those below.
# BUILD=folder builds elsewhere; SANITIZE=address,undefined or thread adds a sanitizer; V=1 shows commands.

BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
SANITIZE ?=
V        ?= 0
CC       ?= gcc
PKG_CONFIG ?= pkg-config

ROOMS      := commands views sync store fhir care base
DIR_base   := src/base
DIR_care   := src/care
DIR_fhir   := src/fhir
DIR_store  := src/store
DIR_sync   := sync
DIR_views  := views
DIR_commands := src/commands
# What each room may use, itself first (the order is the link order).
USES_base  := base
USES_care  := care base
USES_fhir  := fhir care base
USES_store := store fhir care base
USES_sync  := sync store fhir care base
USES_views := views sync store fhir care base
USES_commands := commands sync store fhir care base

PACKAGES   := ncursesw sqlcipher libcurl libcjson libsodium inih libutf8proc zlib
WARNINGS   := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wvla -Walloca -Wstrict-prototypes -Wmissing-prototypes \
              -Wold-style-definition -Wformat=2 -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wswitch-enum \
              -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion
# Sanitizers make gcc warn of what cannot happen; the plain builds are the ones that allow no warning.
WARNINGS   := $(if $(SANITIZE),$(filter-out -Werror,$(WARNINGS)),$(WARNINGS))
OPTIMISE   ?= -O2 -g
HARDENING  := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
SANITIZER  := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
CPPFLAGS   += -I. -Isrc -D_GNU_SOURCE -DSQLITE_HAS_CODEC -DDOORSTEP_PREFIX='"$(PREFIX)"' $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
CFLAGS     := -std=c11 $(OPTIMISE) $(WARNINGS) $(HARDENING) $(SANITIZER)
STRICT     := -Wconversion -include base/banned.h
LDFLAGS    += -pie -Wl,-z,relro,-z,now $(SANITIZER)
LDLIBS     := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lpthread
TEST_LIBS  := $(shell $(PKG_CONFIG) --libs cmocka libmicrohttpd 2>/dev/null)
Q          := $(if $(filter 1,$(V)),,@)
SAY        := $(if $(filter 1,$(V)),@:,@printf '  %-5s %s\n')

sources     = $(wildcard $(DIR_$(1))/*.c)
objects     = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
archives    = $(patsubst %,$(BUILD)/lib%.a,$(1))

LANGUAGES  := $(patsubst views/po/%.po,%,$(wildcard views/po/*.po))
CATALOGUES := $(patsubst %,$(BUILD)/locale/%/LC_MESSAGES/doorstep.mo,$(LANGUAGES))

SUPPORT    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
TESTS       = $(foreach room,$(ROOMS),$(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(room)/test_*.c)))
PROGRAMS   := $(BUILD)/practice $(BUILD)/loopback

FUZZ_ROOMS   := fhir care base
FUZZ_SECONDS ?= 60
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all
all: $(BUILD)/doorstep $(CATALOGUES) $(PROGRAMS)

# --- rooms and program -----------------------------------------------------------------------------
define room_rules
$(BUILD)/lib$(1).a: $(call objects,$(1))
	$(SAY) AR $$@
	$(Q)rm -f $$@ && ar rcs $$@ $$^
tests-$(1): $(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(1)/test_*.c)) | $(CATALOGUES)
	$(Q)BUILD=$(abspath $(BUILD)) tests/run.sh $$^ $(wildcard tests/$(1)/check.sh)
$(BUILD)/tests/$(1)/test_%: $(BUILD)/tests/$(1)/test_%.o $(SUPPORT) $(call archives,$(USES_$(1)))
	$(SAY) LINK $$@
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$< $(SUPPORT) $(call archives,$(USES_$(1))) $(LDLIBS) $(TEST_LIBS)
.PHONY: tests-$(1)
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))
tests-sync: | $(BUILD)/loopback $(BUILD)/practice
tests-commands: | all
.SECONDARY:

$(BUILD)/doorstep: $(BUILD)/src/main.o $(call archives,$(ROOMS))
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(call archives,$(ROOMS)) $(LDLIBS)

# The generator of practice caseloads and the loopback FHIR server: test furniture, never installed.
$(BUILD)/practice: $(patsubst %.c,$(BUILD)/%.o,$(wildcard fixtures/*.c)) $(call archives,care base)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(BUILD)/loopback: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/loopback/*.c)) $(call archives,base)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS)

# The simulator: sync_run() in process against the core of the loopback server (tests/sim/sim.h).
SEEDS      ?= 10000
FIRST      ?= 1
SIM_MODEL  := change common faults index pages query rest search store table transaction
.PHONY: sim sim-mutants
sim: $(BUILD)/tests/sim/sim
	$(Q)$(BUILD)/tests/sim/sim --seeds $(SEEDS) --first $(FIRST)
sim-mutants:
	$(Q)tests/sim/mutants.sh
test-all: $(BUILD)/tests/sim/sim
$(BUILD)/tests/sim/sim: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim/*.c)) $(SIM_MODEL:%=$(BUILD)/tests/loopback/%.o) \
                        $(SUPPORT) $(call archives,$(USES_sync))
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS)

# A fuzz target runs over its seeds in fixtures/fuzz (fuzz-replay, one of the tests) and under clang's fuzzer (fuzz).
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(call archives,$(FUZZ_ROOMS))
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(BUILD)/tests/fuzz/live_%: $(BUILD)/tests/fuzz/fuzz_%.o $(call archives,$(FUZZ_ROOMS))
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
.PHONY: fuzz fuzz-replay $(FUZZERS:%=fuzz-live-%)
fuzz-replay: $(FUZZERS:%=$(BUILD)/tests/fuzz/fuzz_%)
	$(Q)tests/run.sh $^
fuzz:
	$(Q)$(MAKE) CC=clang BUILD=$(BUILD)/fuzzer SANITIZE=fuzzer-no-link,address,undefined $(FUZZERS:%=fuzz-live-%)
$(FUZZERS:%=fuzz-live-%): fuzz-live-%: $(BUILD)/tests/fuzz/live_%
	$(Q)mkdir -p $(BUILD)/found/$*
	$(Q)cd $(BUILD)/found && $(abspath $<) -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 \
	    $* $(abspath fixtures/fuzz/$*)

$(BUILD)/src/%.o: src/%.c
	$(SAY) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(STRICT) -MMD -MP -c -o $@ $<
$(BUILD)/views/%.o: views/%.c
	$(SAY) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(STRICT) -MMD -MP -c -o $@ $<
$(BUILD)/sync/%.o: sync/%.c
	$(SAY) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(STRICT) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: %.c
	$(SAY) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/locale/%/LC_MESSAGES/doorstep.mo: views/po/%.po
	$(SAY) MO $@
	$(Q)mkdir -p $(@D) && msgfmt --check -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- what people run ---------------------------------------------------------------------------------
.PHONY: help demo test check deps
help:
	@echo 'make            build $(BUILD)/doorstep'
	@echo 'make demo       a practice caseload on a loopback server, and the console (or a scripted visit without a terminal)'
	@echo 'make test       build and pass the tests        make tests-ROOM   one room: $(ROOMS)'
	@echo 'make check      floors, style, banned calls, headers, catalogues, manual pages'
	@echo 'make sim        seeded syncs with every fault, SEEDS=10000 FIRST=1 (sim-mutants: broken clients are caught)'
	@echo 'make interop    HAPI FHIR and the Medplum router, for real; every resource validated'
	@echo 'make kills      killed -9 2,000 times while recording and syncing with HAPI FHIR, KILLS=2000 SEED=time'
	@echo 'make link       HAPI FHIR through a slow link that is cut, next to curl'
	@echo 'make sqlcipher4 the store on SQLCipher 4, and records that go from one to the other'
	@echo 'make asan | tsan | valgrind | fuzz | bench | coverage'
	@echo 'make catalogues | keys-page       after changing a sentence | the command table'
	@echo 'make install DESTDIR= PREFIX=/usr/local'

deps:
	$(Q)tests/packages.sh build
demo: deps
	$(Q)$(MAKE) --no-print-directory all && tests/demo.sh $(abspath $(BUILD))

test: deps
	$(Q)$(MAKE) --no-print-directory test-all
.PHONY: test-programs test-all
PROGRAMS_TESTED = $(TESTS) $(FUZZERS:%=$(BUILD)/tests/fuzz/fuzz_%)
SCRIPTS_TESTED  = $(wildcard tests/*/check.sh tests/e2e/*.sh)
test-programs: all $(PROGRAMS_TESTED)
	$(Q)BUILD=$(abspath $(BUILD)) tests/run.sh $(PROGRAMS_TESTED)
test-all: all $(PROGRAMS_TESTED)
	$(Q)BUILD=$(abspath $(BUILD)) tests/run.sh $(PROGRAMS_TESTED) $(SCRIPTS_TESTED)

# --- checks ------------------------------------------------------------------------------------------
PROGRAM_SOURCES = $(wildcard src/*.c src/*/*.[ch] views/*.[ch] sync/*.[ch])
ALL_SOURCES     = $(PROGRAM_SOURCES) $(wildcard fixtures/*.[ch] tests/*/*.[ch])
.PHONY: check check-headers check-catalogues check-keys catalogues keys-page
check: check-headers check-catalogues check-keys
	$(Q)awk -f tests/check/floors.awk $(PROGRAM_SOURCES)
	$(Q)tests/check/style.sh $(ALL_SOURCES)
	$(Q)mandoc -T lint -W warning man/*.[157]
	@echo 'check passed'
# Every header compiles by itself.
check-headers:
	$(Q)for header in $(filter-out %/banned.h %.sql.h,$(filter %.h,$(PROGRAM_SOURCES))); do \
	    $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -x c $$header || exit 1; done
# doorstep-keys(7) is what the command table says.
keys-page:
	$(Q)tests/check/keys-page.sh views/commands.def > man/doorstep-keys.7
check-keys:
	$(Q)tests/check/keys-page.sh views/commands.def | diff -u man/doorstep-keys.7 - || \
	    { echo 'man/doorstep-keys.7 is not what views/commands.def says: run make keys-page'; exit 1; }
# The catalogues hold every string of the program, translated, with the same conversions.
XGETTEXT = xgettext --language=C --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=ngettext:1,2 --flag=_:1:pass-c-format \
           --flag=N_:1:pass-c-format --add-comments=TRANSLATORS --sort-by-file --add-location=file --omit-header
$(BUILD)/doorstep.pot: $(PROGRAM_SOURCES) $(wildcard src/*/*.def views/*.def sync/*.def)
	$(Q)mkdir -p $(@D) && $(XGETTEXT) -o $@ $^
catalogues: $(BUILD)/doorstep.pot
	$(Q)for catalogue in $(LANGUAGES:%=views/po/%.po); do \
	    msgmerge --quiet --no-fuzzy-matching --add-location=file --sort-by-file $$catalogue $< | \
	    msgattrib --no-obsolete --add-location=file --sort-by-file -o $$catalogue.new - && mv $$catalogue.new $$catalogue; done
check-catalogues: $(BUILD)/doorstep.pot
	$(Q)tests/check/catalogues.sh $< $(LANGUAGES:%=views/po/%.po)
	$(Q)tests/check/strings.sh $(PROGRAM_SOURCES) $(wildcard views/*.def)

# --- sanitizers and valgrind -------------------------------------------------------------------------
.PHONY: asan tsan tests-threads valgrind coverage
# They go through the same code thousands of times, on one thread: make asan has them, tsan and valgrind do not.
SWEEPS = %/test_crash %/test_record_faults %/test_memory %/test_steps %/test_power
asan:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)-asan SANITIZE=address,undefined OPTIMISE='-O1 -g' test-programs
tsan:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)-tsan SANITIZE=thread OPTIMISE='-O1 -g' tests-threads
tests-threads: $(filter-out $(SWEEPS),$(patsubst %.c,$(BUILD)/%,$(wildcard tests/sync/test_*.c))) | $(BUILD)/loopback $(BUILD)/practice
	$(Q)BUILD=$(abspath $(BUILD)) tests/run.sh $^
VALGRIND = valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
           --errors-for-leak-kinds=definite --suppressions=tests/valgrind.supp
valgrind: all $(TESTS)
	$(Q)MOST_SECONDS=2400 RUN='$(VALGRIND)' tests/run.sh $(filter-out $(SWEEPS),$(TESTS))
coverage:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)-coverage OPTIMISE='-O0 -g --coverage' LDFLAGS='--coverage -pie' test-programs
	$(Q)cd $(BUILD)-coverage && gcov -n $$(find src views sync -name '*.gcda') | awk '/^File .*(src|views|sync)\// {f=1; next} f && /^Lines/ {split($$2, p, ":"); split(p[2], q, "%"); n+=$$4; c+=$$4*q[1]/100; f=0} END {printf "%.1f %% of %d lines\n", 100*c/n, n}'

# --- installing --------------------------------------------------------------------------------------
.PHONY: install uninstall
install: $(BUILD)/doorstep $(CATALOGUES)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 755 $(BUILD)/doorstep $(DESTDIR)$(PREFIX)/bin/doorstep
	for page in $(wildcard man/*.[157]); do install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/; done
	for language in $(LANGUAGES); do \
	    install -d $(DESTDIR)$(PREFIX)/share/locale/$$language/LC_MESSAGES && \
	    install -m 644 $(BUILD)/locale/$$language/LC_MESSAGES/doorstep.mo $(DESTDIR)$(PREFIX)/share/locale/$$language/LC_MESSAGES/; done

# --- real servers and speed --------------------------------------------------------------------------
.PHONY: interop kills link sqlcipher4 bench
interop:
	$(Q)tests/packages.sh interop
	$(Q)$(MAKE) --no-print-directory $(BUILD)/doorstep $(BUILD)/practice $(BUILD)/tests/interop/behind.so && \
	    tests/interop/run.sh $(abspath $(BUILD))
$(BUILD)/tests/interop/behind.so: tests/interop/behind.c
	$(SAY) LINK $@
	$(Q)mkdir -p $(@D) && $(CC) -std=c11 -O2 $(WARNINGS) -D_GNU_SOURCE -shared -fPIC -o $@ $<
kills:
	$(Q)tests/packages.sh interop
	$(Q)$(MAKE) --no-print-directory $(BUILD)/doorstep $(BUILD)/practice && tests/interop/kills.sh $(abspath $(BUILD))
link: $(BUILD)/tests/link/link
	$(Q)tests/packages.sh interop
	$(Q)$(MAKE) --no-print-directory $(BUILD)/doorstep $(BUILD)/practice && tests/link/run.sh $(abspath $(BUILD))
$(BUILD)/tests/link/link: $(BUILD)/tests/link/link.o
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
sqlcipher4: all
	$(Q)tests/packages.sh sqlcipher4 && tests/sqlcipher4.sh $(abspath $(BUILD))
bench: all $(BUILD)/tests/bench/bench
	$(Q)tests/bench/run.sh $(abspath $(BUILD))
$(BUILD)/tests/bench/bench: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)) $(call archives,views sync store fhir care base)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: clean
clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-coverage
