/*
 * The numbered parts of a draft ("consent.0.by"), and the list of problems.
 * For the visit_*.c files alone.
 */
#ifndef DOORSTEP_CARE_VISIT_PART_H
#define DOORSTEP_CARE_VISIT_PART_H

#include "care/visit.h"

/* True for "consent.<n>.<attribute>", "medicine.<n>..." and "task.<n>...", n below 100. */
bool visit_part_is_known(const char *name);
/* Counts the rows that hold anything into consents, medicines and tasks. */
void visit_count_parts(const struct visit_draft *draft, struct visit_entered *out);
/* Reads consents, medicines and tasks of the draft into the visit. `chart` may be NULL. */
void visit_read_parts(const struct visit_draft *draft, const struct chart *chart, struct visit *visit);

/* Adds a problem. When there is no room a less severe one makes way, so that
 * what stands in the way of signing is never forgotten. */
void visit_add_problem(struct visit *visit, enum problem_level level, const char *field, const char *sentence);

#endif
