/*
 * How much of each patient's chart is on the device, and as of when.
 */
#include "store/query_row.h"

#include "base/memory.h"
#include "base/text.h"
#include "store/outbox.h"

#include <string.h>

void chart_rows_free(struct chart_rows *rows)
{
    memory_free(rows->items);
    *rows = (struct chart_rows){.items = NULL};
}

static enum status fill_chart_row(struct store *store, sqlite3_stmt *statement, void *item, struct error *error)
{
    struct chart_row *row = item;
    char cursor[128];

    (void)store;
    (void)error;
    column_text(statement, 0, row->patient, sizeof row->patient);
    column_text(statement, 1, row->name, sizeof row->name);
    row->here = column_int(statement, 2) != 0;
    row->complete = column_int(statement, 3) != 0;
    row->released = column_int(statement, 4) != 0;
    row->unreadable = column_int(statement, 5);
    column_text(statement, 6, cursor, sizeof cursor);
    cursor[strcspn(cursor, " ")] = '\0'; /* behind it stands how far a download that is under way has come */
    row->begun = !row->complete && text_equal(cursor, CURSOR_BEGUN);
    instant_parse(cursor, &row->as_of, NULL);
    return STATUS_OK;
}

enum status query_charts(struct store *store, instant now, struct chart_rows *out, struct error *error)
{
    void *items = NULL;

    *out = (struct chart_rows){.items = NULL};
    sqlite3_stmt *statement = database_statement(
        store,
        "SELECT p.id, p.name, 1, " CHART_IS_COMPLETE " AS complete, coalesce(c.released, 0), "
        "(SELECT count(*) FROM quarantine q WHERE q.patient = p.id), k.value, p.folded AS sorted "
        "FROM patient p LEFT JOIN chart_state c ON c.patient = p.id LEFT JOIN cursor k ON k.scope = '" CURSOR_PATIENT "' || p.id "
        "UNION ALL SELECT DISTINCT a.patient, a.patient, 0, 0, 0, 0, NULL, a.patient FROM appointment a "
        "WHERE a.start >= ?1 AND a.start < ?2 AND a.patient <> '' AND " APPOINTMENT_STANDS
        " AND NOT EXISTS (SELECT 1 FROM patient p WHERE p.id = a.patient) ORDER BY complete, sorted, 1",
        error);
    if (statement == NULL) {
        return database_error(store, error);
    }
    bind_integer(statement, 1, instant_day_start(now));
    bind_integer(statement, 2, instant_day_start(instant_add_days(now, 1)));
    enum status status = database_collect(store, statement, sizeof *out->items, fill_chart_row, &items, &out->count, error);
    out->items = items;
    if (status != STATUS_OK) {
        chart_rows_free(out);
    }
    return status;
}
