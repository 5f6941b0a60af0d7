/*
 * Transparent alert rules over a chart: thresholds, changes and silence.
 * Every alert says why in one line. Sources: reference table 3.3, cited at
 * each rule in alert_rules.c. Defaults that the agency can change.
 */
#ifndef DOORSTEP_CARE_ALERT_RULES_H
#define DOORSTEP_CARE_ALERT_RULES_H

#include "base/error.h"
#include "care/chart.h"

/* Appends rule alerts (type "rule") to the chart's own, then sorts all by
 * urgency. One alert per cause. Uses only readings that count. */
enum status alert_rules_apply(struct chart *chart, instant now, struct error *error) MUST_CHECK;

#endif
