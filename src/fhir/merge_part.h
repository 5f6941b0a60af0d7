/*
 * What the parts of the three-way merge share: merge.c (resources and their
 * elements), merge_list.c (lists), merge_words.c (for people).
 *
 * A function that gives a tree returns NULL when the element is not there in
 * the result, or when memory was short: merging->status tells.
 */
#ifndef DOORSTEP_FHIR_MERGE_PART_H
#define DOORSTEP_FHIR_MERGE_PART_H

#include "fhir/merge.h"

/* One element as it was, as we have it, as the server has it. NULL: not there. */
struct sides {
    const cJSON *base, *mine, *theirs;
};

/* The most members or items that are looked at one by one: more are compared in order, and taken whole. */
#define MERGE_ITEMS_AT_MOST 512

struct merging {
    struct merge *out;
    enum merge_choice choice;
    struct sides root;
    const char *type;
    cJSON *remarks;      /* owned; texts of ours that go into `note`, beside theirs; NULL when none */
    enum status status;  /* OK or NO_MEMORY */
};

/* Where we are below the resource; NULL is the resource itself. */
struct merge_place {
    const struct merge_place *outer;
    const char *name;    /* of the element */
    const char *key;     /* which item of the list, or NULL */
};

/* A name and the unit it belongs to: the elements that are taken from one side. */
struct merge_name {
    const char *text;    /* borrowed from a tree */
    const char *unit;    /* `unit_length` bytes */
    size_t unit_length;
    bool done;
};

/* --- merge_tree.c --- */
bool merge_equal(const cJSON *a, const cJSON *b); /* NULL equals NULL only; in objects the order does not matter */
/* A copy; NULL for NULL. */
cJSON *merge_copy(struct merging *merging, const cJSON *value);
/* An object without members. */
cJSON *merge_object_new(struct merging *merging);
/* Puts `value` (taken; NULL: nothing) into an object. */
void merge_put(struct merging *merging, cJSON *object, const char *name, cJSON *value);
/* What only a person can decide: written down, and the copy that the choice gives. */
cJSON *merge_contested(struct merging *merging, const struct merge_place *place, struct sides sides);

/* --- merge.c, merge_list.c --- */
/* One element. */
cJSON *merge_element(struct merging *merging, const struct merge_place *place, struct sides sides);
/* Two lists; a side may be missing. */
cJSON *merge_list(struct merging *merging, const struct merge_place *place, struct sides sides);

/* --- merge_rule.c --- */
bool merge_is_among(const char *name, const char *const *names); /* a list that ends with NULL */
/* Whether a name is that of a dose, or of what a dose is of; and whether one stands below `value`. */
bool merge_is_dose(const char *name);
bool merge_holds_dose(const cJSON *value);
/* What is never taken from one side by itself once both have changed something. */
bool merge_is_guarded(const struct merging *merging, const struct merge_place *place);
/* A data type is taken from one side: half a quantity of each would be a third one. */
bool merge_is_data_type(const cJSON *object);
/* Finds the unit of name->text. */
void merge_find_unit(const struct merging *merging, bool root, struct merge_name *name);
bool merge_same_unit(const struct merge_name *a, const struct merge_name *b);
/* The Consent whose decision stands without asking: the one that withdraws, when it is the newer one. NULL: none. */
const cJSON *merge_newer_withdrawal(const struct sides *root);
/* Whether this is a Consent that a side has withdrawn. */
bool merge_holds_withdrawal(const struct merging *merging);

/* --- merge_words.c --- */
/* The name a nurse has for an element of a resource type. Translated; the element's own name when there is none. */
const char *merge_label(const char *type, const char *name);
/* Appends `value` in words to *out. */
void merge_words(struct buffer *out, const char *name, const cJSON *value);
/* The same as JSON, for what differs in nothing that has words. */
void merge_words_exactly(struct buffer *out, const cJSON *value);
#define MERGE_WORDS_LIMIT 8000

#endif
