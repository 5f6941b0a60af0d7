/* Vitals on the patient's screen: the newest of each with unit, age, source, and course where there is room; NEWS2. */
#include "views/snapshot.h"
#include "views/vital_words.h"

#include "base/text.h"
#include "care/trend.h"

#define TWO_CELLS 76      /* from this width on two vitals share a line ... */
#define SPARKLINES 100    /* ... up to this one, where each has its course beside it */
#define CELL_LABEL 9
#define CELL_VALUE 13
#define CELL_AGE 8
#define CELL_SOURCE 8
#define SPARK_MOST 24
#define SPARK_DAYS 30

/* The vitals in the order in which they are read. */
static const enum vital order[] = {
    VITAL_SYSTOLIC, VITAL_PULSE,       VITAL_RESPIRATION, VITAL_SPO2,    VITAL_OXYGEN_FLOW,      VITAL_OXYGEN_FRACTION,
    VITAL_TEMPERATURE, VITAL_CONSCIOUSNESS, VITAL_WEIGHT, VITAL_GLUCOSE, VITAL_PAIN,             VITAL_HEIGHT,
    VITAL_STEPS,    VITAL_SLEEP,       VITAL_ROOM_TEMPERATURE, VITAL_ROOM_HUMIDITY,
};
#define ORDER_COUNT (sizeof order / sizeof *order)

static void value_words(const struct chart *chart, const struct reading *reading, char *out, size_t size)
{
    bool air = reading->vital == VITAL_OXYGEN_FLOW && reading->value.units == 0; /* which has no unit */
    char value[100];

    vital_value_words(chart, reading, value, sizeof value);
    (void)text_format(out, size, "%s%s%s", value, air ? "" : " ", air ? "" : vital_unit(reading->vital));
}

static void draw_vital(const struct chart *chart, const struct reading *reading, instant now, struct area cell)
{
    char words[120];
    int column = cell.column;
    int levels[SPARK_MOST];
    int spark = cell.columns - CELL_LABEL - CELL_VALUE - CELL_AGE - CELL_SOURCE;

    (void)canvas_piece(cell.row, column, CELL_LABEL - 1, ROLE_NORMAL,
                       vital_partner(chart, reading) != NULL ? _("BP") : vital_short_label(reading->vital));
    column += CELL_LABEL;
    value_words(chart, reading, words, sizeof words);
    (void)canvas_piece(cell.row, column, CELL_VALUE - 1, ROLE_STRONG, words);
    column += CELL_VALUE;
    vital_age_words(reading, now, words, sizeof words);
    (void)canvas_piece(cell.row, column, CELL_AGE - 1, ROLE_DIM, words);
    column += CELL_AGE;
    (void)canvas_piece(cell.row, column, CELL_SOURCE - 1, ROLE_DIM, reading_source_word(reading->source));
    column += CELL_SOURCE;
    if (spark >= 8 && reading->vital != VITAL_CONSCIOUSNESS) {
        spark = spark < SPARK_MOST ? spark : SPARK_MOST;
        trend_sparkline(chart, reading->vital, now - SPARK_DAYS * INSTANT_DAY, now + 1, levels, spark);
        canvas_sparkline(cell.row, column, levels, spark, ROLE_NORMAL);
    }
}

void snapshot_write_vitals(struct page *page, const struct chart *chart, instant now)
{
    int cells = page->area.columns >= TWO_CELLS && page->area.columns < SPARKLINES ? 2 : 1;
    int columns = page->area.columns / cells;
    int count = 0;
    int row = -1;

    for (size_t i = 0; i < ORDER_COUNT; i++) {
        const struct reading *reading = chart_latest(chart, order[i]);

        if (reading == NULL) {
            continue;
        }
        if (count % cells == 0) {
            row = page_row(page);
        }
        if (row >= 0) {
            draw_vital(chart, reading, now,
                       (struct area){row, page->area.column + count % cells * columns, 1, columns});
        }
        count++;
    }
    if (count == 0) {
        page_labelled(page, ROLE_NORMAL, SNAPSHOT_LABEL, _("Vitals"), ROLE_DIM,
                      _("No vitals on record for the last 90 days."));
    }
}

void snapshot_write_news2(struct page *page, const struct chart *chart, instant now)
{
    instant at = INSTANT_NONE;
    struct news2_score score = chart_news2(chart, CHART_OCCASION, &at);
    char words[600];
    char detail[300] = "";

    if (!news2_applies(instant_years_since(chart->patient.birth_date, now))) {
        page_labelled(page, ROLE_NORMAL, SNAPSHOT_LABEL, "NEWS2", ROLE_DIM, _("not for children under 16"));
        return;
    }
    if (at == INSTANT_NONE) {
        page_labelled(page, ROLE_NORMAL, SNAPSHOT_LABEL, "NEWS2", ROLE_DIM, _("no score: nothing measured yet"));
        return;
    }
    instant_format_age(detail, sizeof detail, at, now);
    if (score.total < 0) {
        char age[40];

        (void)text_copy(age, sizeof age, detail);
        news2_missing_words(&score, detail, sizeof detail);
        (void)text_format(words, sizeof words, _("no score (measured: %s): missing %s"), age, detail);
        page_labelled(page, ROLE_NORMAL, SNAPSHOT_LABEL, "NEWS2", ROLE_NORMAL, words);
        return;
    }
    (void)text_format(words, sizeof words, "%d  %s  (%s)%s%s  %s", score.total, news2_band_word(score.band), detail,
                   chart->news2_scale == 2 ? "  " : "", chart->news2_scale == 2 ? _("SpO2 scale 2") : "",
                      news2_advice(score.band, chart->palliative));
    page_labelled(page, ROLE_NORMAL, SNAPSHOT_LABEL, "NEWS2", news2_role(score.band), words);
}

void snapshot_write_sources(struct page *page, const struct chart *chart)
{
    if (chart->news2_scale == 2) {
        page_format(page, ROLE_DIM, 0, _("SpO2 scale 2 is used because of: %s"), chart->news2_scale_source);
    }
    page_text(page, ROLE_DIM, 0, news2_acknowledgement());
}
