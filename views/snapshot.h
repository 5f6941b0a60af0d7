/* The parts of the patient's screen, each written into a page. Only view_snapshot.c calls them. */
#ifndef DOORSTEP_VIEWS_SNAPSHOT_H
#define DOORSTEP_VIEWS_SNAPSHOT_H

#include "views/application.h"
#include "views/page.h"

#define SNAPSHOT_LABEL 12 /* columns of the words at the left */

/* What makes this screen less than the whole truth, and the visit in progress. */
void snapshot_write_warnings(struct page *page, const struct application *application);
void snapshot_write_alerts(struct page *page, const struct chart *chart);
void snapshot_write_reason(struct page *page, const struct chart *chart, instant now);
void snapshot_write_changes(struct page *page, const struct chart *chart, instant now);
void snapshot_write_plan(struct page *page, const struct chart *chart);
void snapshot_write_news2(struct page *page, const struct chart *chart, instant now);
void snapshot_write_vitals(struct page *page, const struct chart *chart, instant now);
void snapshot_write_tasks(struct page *page, const struct chart *chart, instant now);
void snapshot_write_medicines(struct page *page, const struct chart *chart);
void snapshot_write_allergies(struct page *page, const struct chart *chart);
void snapshot_write_conditions(struct page *page, const struct chart *chart);
void snapshot_write_consents(struct page *page, const struct chart *chart);
/* Where scores come from, as their licences ask. */
void snapshot_write_sources(struct page *page, const struct chart *chart);

#endif
