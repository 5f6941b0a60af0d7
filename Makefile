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
WARNINGS   := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
              -Wold-style-definition -Wformat=2 -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wswitch-enum \
              -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion
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

LANGUAGES  := ko ja
CATALOGUES := $(patsubst %,$(BUILD)/locale/%/LC_MESSAGES/doorstep.mo,$(LANGUAGES))

SUPPORT    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
TESTS       = $(foreach room,$(ROOMS),$(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(room)/test_*.c)))
PROGRAMS   := $(BUILD)/practice $(BUILD)/loopback

.PHONY: all
all: $(BUILD)/doorstep $(CATALOGUES) $(PROGRAMS)

# --- rooms and program -----------------------------------------------------------------------------
define room_rules
$(BUILD)/lib$(1).a: $(call objects,$(1))
	$(SAY) AR $$@
	$(Q)rm -f $$@ && ar rcs $$@ $$^
tests-$(1): $(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(1)/test_*.c))
	$(Q)tests/run.sh $$^
$(BUILD)/tests/$(1)/test_%: $(BUILD)/tests/$(1)/test_%.o $(SUPPORT) $(call archives,$(USES_$(1)))
	$(SAY) LINK $$@
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$< $(SUPPORT) $(call archives,$(USES_$(1))) $(LDLIBS) $(TEST_LIBS)
.PHONY: tests-$(1)
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))
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

.PHONY: clean
clean:
	rm -rf $(BUILD)
