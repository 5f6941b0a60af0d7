/*
 * What the tests of the one writer and of the questions share: applying
 * resources written as text, and looking straight into the tables.
 */
#ifndef DOORSTEP_TESTS_RECORD_TEST_H
#define DOORSTEP_TESTS_RECORD_TEST_H

#include "store/database.h"
#include "store/outbox.h"
#include "store/query.h"
#include "store/record.h"
#include "tests/store/store_test.h"

/* The first column of the first row of any SQL; 0 for NULL, -1 when there is no row. */
static inline int64_t number_of(struct fixture *fixture, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(fixture->store->connection, sql, -1, &statement, NULL), SQLITE_OK);
    int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return number;
}

/* The same as text, good until the next call. */
static inline const char *text_of(struct fixture *fixture, const char *sql)
{
    static char text[4096];
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(fixture->store->connection, sql, -1, &statement, NULL), SQLITE_OK);
    text[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW) {
        column_text(statement, 0, text, sizeof text);
    }
    sqlite3_finalize(statement);
    return text;
}

/* Applies one resource inside a page that is already begun. */
static inline enum status apply_in_page(struct fixture *fixture, enum apply_source source, const char *full_url,
                                        const char *json, struct apply_outcome *outcome)
{
    cJSON *tree = NULL;
    enum status status = json_parse(json, strlen(json), &tree, &fixture->error);
    if (status == STATUS_OK) {
        struct incoming incoming = {
            .resource = tree, .body = json, .body_length = strlen(json), .full_url = full_url, .where = "test"};
        status = record_apply(fixture->store, &incoming, source, outcome, &fixture->error);
    }
    cJSON_Delete(tree);
    return status;
}

/* A page of one resource, which has to succeed. */
static inline struct apply_outcome apply(struct fixture *fixture, enum apply_source source, const char *json)
{
    struct apply_outcome outcome = {.result = APPLY_STORED};
    assert_int_equal(record_begin(fixture->store, &fixture->error), STATUS_OK);
    assert_int_equal(apply_in_page(fixture, source, NULL, json, &outcome), STATUS_OK);
    assert_int_equal(record_commit(fixture->store, &fixture->error), STATUS_OK);
    return outcome;
}

static inline enum apply_result pull(struct fixture *fixture, const char *json)
{
    return apply(fixture, APPLY_FROM_SERVER, json).result;
}

static inline enum apply_result import(struct fixture *fixture, const char *json)
{
    return apply(fixture, APPLY_FROM_IMPORT, json).result;
}

#define META(version, updated) "\"meta\":{\"versionId\":\"" version "\",\"lastUpdated\":\"" updated "\"}"
#define HANA(version, updated, family) \
    "{\"resourceType\":\"Patient\",\"id\":\"p1\"," META(version, updated) ",\"name\":[{\"family\":\"" family \
    "\",\"given\":[\"Hana\"]}],\"gender\":\"female\",\"birthDate\":\"1938-04-02\"}"
#define HANA_1 HANA("1", "2026-11-20T00:00:00Z", "Kim")
#define WEIGHT(id, version, updated, patient, at, value) \
    "{\"resourceType\":\"Observation\",\"id\":\"" id "\"," META(version, updated) ",\"status\":\"final\"," \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]}," \
    "\"subject\":{\"reference\":\"Patient/" patient "\"},\"effectiveDateTime\":\"" at "\"," \
    "\"valueQuantity\":{\"value\":" value ",\"unit\":\"kg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}}"

#endif
