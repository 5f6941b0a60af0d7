/* The parts of the patient's screen, each written into a page: for view_snapshot.c, and what others share of it. */
#ifndef DOORSTEP_VIEWS_SNAPSHOT_H
#define DOORSTEP_VIEWS_SNAPSHOT_H

#include "care/medicine_check.h"
#include "views/application.h"
#include "views/page.h"

#define SNAPSHOT_LABEL 12 /* columns of the words at the left */

/* What makes this screen less than the whole truth, and the visit in progress. */
void snapshot_write_warnings(struct page *page, const struct application *application);
/* Red and amber ones (urgent), or those that only inform. */
void snapshot_write_alerts(struct page *page, const struct chart *chart, bool urgent);
void snapshot_write_reason(struct page *page, const struct chart *chart, instant now);
void snapshot_write_changes(struct page *page, const struct chart *chart, instant now);
void snapshot_write_plan(struct page *page, const struct chart *chart);
void snapshot_write_news2(struct page *page, const struct chart *chart, instant now);
void snapshot_write_vitals(struct page *page, const struct chart *chart, instant now);
/* The newest notes in full. */
void snapshot_write_notes(struct page *page, const struct chart *chart);
/* The task with its date; true when it is overdue. */
bool snapshot_task_words(const struct task *task, instant now, char *out, size_t size);
void snapshot_write_tasks(struct page *page, const struct chart *chart, instant now);
/* Whether a warning before this one has the same words: of two boxes of the same medicine one is enough. */
bool snapshot_said_before(const struct medicine_warning *warnings, size_t index);
void snapshot_write_medicines(struct page *page, const struct chart *chart);
void snapshot_write_allergies(struct page *page, const struct chart *chart);
void snapshot_write_conditions(struct page *page, const struct chart *chart);
void snapshot_write_consents(struct page *page, const struct chart *chart);
/* Where scores come from, as their licences ask. */
void snapshot_write_sources(struct page *page, const struct chart *chart);

#endif
