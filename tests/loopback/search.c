/* See search.h. */
#include "search.h"

#include "index.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum filter_kind {
    FILTER_TERMS, /* has one of the terms */
    FILTER_IDS,   /* is one of the resources */
    FILTER_DATE,
    FILTER_UPDATED,
};

struct filter {
    enum filter_kind kind;
    void **items;       /* owned array of borrowed struct term or struct resource */
    size_t count;
    size_t capacity;
    size_t reach;       /* rows it could select at most */
    char comparison[3]; /* of dates: eq ge gt le lt */
    struct span span;
};

struct selection {
    struct store *store;
    const char *base;
    const char *type;
    struct filter filters[32];
    size_t count;
};

static const char *const shaping[] = {"_count", "_sort", "_summary", "_elements", "_total", "_format", "_pretty"};

static void add_item(struct filter *filter, void *item, size_t reach)
{
    filter->items = need_room(filter->items, filter->count, &filter->capacity, sizeof(void *));
    filter->items[filter->count++] = item;
    filter->reach += reach;
}

static void add_id(struct selection *selection, struct filter *filter, const char *id)
{
    char target[TARGET_SIZE];
    struct resource *resource = NULL;

    if (reference_target(id, selection->base, target)) {
        id = strchr(target, '/') + 1;
    }
    if (fhir_id_is_valid(id)) {
        snprintf(target, sizeof target, "%s/%s", selection->type, id);
        resource = store_find_current(selection->store, target);
    }
    if (resource != NULL) {
        add_item(filter, resource, 1);
    }
}

static void add_alternative(struct selection *selection, struct filter *filter, const struct parameter *parameter,
                            const char *value)
{
    struct buffer key;
    char target[TARGET_SIZE];
    struct term *term = NULL;

    if (parameter->kind == PARAMETER_REFERENCE && reference_target(value, selection->base, target)) {
        value = target;
    }
    buffer_init(&key, BODY_LIMIT);
    buffer_format(&key, "%s?%s=", selection->type, parameter->name);
    buffer_append_text(&key, value);
    term = store_term(selection->store, buffer_text(&key));
    buffer_free(&key);
    if (term != NULL) {
        add_item(filter, term, term->count);
    }
}

/* "a,b" gives alternatives. */
static void add_alternatives(struct selection *selection, struct filter *filter, const struct parameter *parameter,
                             const char *values)
{
    while (*values != '\0') {
        size_t length = strcspn(values, ",");
        char *value = need(memory_allocate(length + 1));
        memcpy(value, values, length);
        if (filter->kind == FILTER_IDS) {
            add_id(selection, filter, value);
        } else {
            add_alternative(selection, filter, parameter, value);
        }
        memory_free(value);
        values += length + (values[length] == ',' ? 1 : 0);
    }
}

static bool read_comparison(struct filter *filter, const char *name, const char *value, struct failure *failure)
{
    static const char *const comparisons[] = {"eq", "ge", "gt", "le", "lt"};
    const char *date = value;

    snprintf(filter->comparison, sizeof filter->comparison, "eq");
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        if (text_starts_with(value, comparisons[i])) {
            snprintf(filter->comparison, sizeof filter->comparison, "%s", comparisons[i]);
            date = value + 2;
        }
    }
    filter->reach = SIZE_MAX;
    return index_span(date, &filter->span) ||
           fail(failure, 400, "invalid", "Invalid date/time format for %s: \"%s\"", name, value);
}

static bool add_filter(struct selection *selection, const char *name, const char *value, struct failure *failure)
{
    struct filter *filter = &selection->filters[selection->count];
    const struct parameter *parameter = parameter_find(selection->type, name);

    if (selection->count == sizeof selection->filters / sizeof selection->filters[0]) {
        return fail(failure, 400, "too-costly", "Too many search parameters");
    }
    *filter = (struct filter){.kind = FILTER_TERMS};
    if (strcmp(name, "_id") == 0) {
        filter->kind = FILTER_IDS;
    } else if (strcmp(name, "_lastUpdated") == 0) {
        filter->kind = FILTER_UPDATED;
    } else if (parameter == NULL) {
        return fail(failure, 400, "processing", "HAPI-0524: Unknown search parameter \"%s\" for resource type \"%s\"",
                    name, selection->type);
    } else if (parameter->kind == PARAMETER_DATE) {
        filter->kind = FILTER_DATE;
    }
    selection->count++;
    if (filter->kind == FILTER_DATE || filter->kind == FILTER_UPDATED) {
        return read_comparison(filter, name, value, failure);
    }
    add_alternatives(selection, filter, parameter, value);
    return true;
}

static bool compare_span(const struct filter *filter, struct span value)
{
    if (value.from == INSTANT_NONE) {
        return false;
    }
    switch (filter->comparison[0] * 256 + filter->comparison[1]) {
    case 'g' * 256 + 'e':
        return value.to > filter->span.from;
    case 'g' * 256 + 't':
        return value.to > filter->span.to;
    case 'l' * 256 + 'e':
        return value.from < filter->span.to;
    case 'l' * 256 + 't':
        return value.from < filter->span.from;
    default:
        return value.from >= filter->span.from && value.to <= filter->span.to;
    }
}

static bool fits(const struct filter *filter, const struct resource *resource)
{
    switch (filter->kind) {
    case FILTER_IDS:
        for (size_t i = 0; i < filter->count; i++) {
            if (filter->items[i] == resource) {
                return true;
            }
        }
        return false;
    case FILTER_TERMS:
        for (size_t i = 0; i < resource->term_count; i++) {
            for (size_t j = 0; j < filter->count; j++) {
                if (resource->terms[i] == filter->items[j]) {
                    return true;
                }
            }
        }
        return false;
    case FILTER_DATE:
        return compare_span(filter, resource->date);
    case FILTER_UPDATED:
        return compare_span(filter, (struct span){resource->current->at, resource->current->at + 1});
    }
    return false;
}

static void consider(const struct selection *selection, struct resource *resource, struct rows *out)
{
    if (resource->mark == selection->store->mark) {
        return;
    }
    resource->mark = selection->store->mark;
    for (size_t i = 0; i < selection->count; i++) {
        if (!fits(&selection->filters[i], resource)) {
            return;
        }
    }
    out->items = need_room(out->items, out->count, &out->capacity, sizeof(struct resource *));
    out->items[out->count++] = resource;
}

static int by_creation(const void *a, const void *b)
{
    size_t left = (*(struct resource *const *)a)->sequence;
    size_t right = (*(struct resource *const *)b)->sequence;

    return (left > right) - (left < right);
}

/* Walks the rows of the narrowest filter and asks the others. */
static void select_rows(struct selection *selection, struct rows *out)
{
    struct filter all = {.kind = FILTER_TERMS};
    struct term *everything = store_term(selection->store, selection->type);
    const struct filter *narrowest = &all;

    selection->store->mark++;
    if (everything != NULL) {
        add_item(&all, everything, everything->count);
    }
    for (size_t i = 0; i < selection->count; i++) {
        narrowest = selection->filters[i].reach < narrowest->reach ? &selection->filters[i] : narrowest;
    }
    for (size_t i = 0; i < narrowest->count; i++) {
        const struct term *term = narrowest->items[i];
        if (narrowest->kind == FILTER_IDS) {
            consider(selection, narrowest->items[i], out);
            continue;
        }
        for (size_t row = 0; row < term->count; row++) {
            consider(selection, term->rows[row], out);
        }
    }
    memory_free(all.items);
    if (out->count > 1) {
        qsort(out->items, out->count, sizeof(struct resource *), by_creation);
    }
}

static bool is_shaping(const char *name)
{
    for (size_t i = 0; i < sizeof shaping / sizeof shaping[0]; i++) {
        if (strcmp(shaping[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool search_select(struct store *store, const char *base, const char *type, const struct query *query,
                   struct rows *out, struct failure *failure)
{
    struct selection *selection = need(memory_allocate(sizeof *selection));
    bool ok = true;

    *out = (struct rows){0};
    selection->store = store;
    selection->base = base;
    selection->type = type;
    for (size_t i = 0; ok && i < query->count; i++) {
        ok = is_shaping(query->items[i].name) ||
             add_filter(selection, query->items[i].name, query->items[i].value, failure);
    }
    if (ok) {
        select_rows(selection, out);
    }
    for (size_t i = 0; i < selection->count; i++) {
        memory_free(selection->filters[i].items);
    }
    memory_free(selection);
    return ok;
}

bool search_condition(struct store *store, const char *base, const char *type, const char *condition,
                      struct rows *out, struct failure *failure)
{
    struct query query = {0};
    const char *mark = strchr(condition, '?');
    bool ok = false;

    *out = (struct rows){0};
    condition = mark == NULL ? condition : mark + 1;
    query_parse(&query, condition, strlen(condition));
    for (size_t i = 0; i < query.count; i++) {
        ok = ok || !is_shaping(query.items[i].name);
    }
    ok = ok ? search_select(store, base, type, &query, out, failure)
            : fail(failure, 400, "invalid", "The condition \"%s\" selects by nothing", condition);
    query_free(&query);
    return ok;
}

static int by_updated(const void *a, const void *b)
{
    instant left = (*(struct resource *const *)a)->current->at;
    instant right = (*(struct resource *const *)b)->current->at;

    return left == right ? by_creation(a, b) : (left > right) - (left < right);
}

static int by_date(const void *a, const void *b)
{
    instant left = (*(struct resource *const *)a)->date.from;
    instant right = (*(struct resource *const *)b)->date.from;

    return left == right ? by_creation(a, b) : (left > right) - (left < right);
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(struct resource *const *)a)->id, (*(struct resource *const *)b)->id);
}

bool search_sort(struct rows *rows, const char *sort, struct failure *failure)
{
    static const struct {
        const char *name;
        int (*compare)(const void *a, const void *b);
    } orders[] = {{"_lastUpdated", by_updated}, {"date", by_date}, {"_id", by_id}};
    bool descending = sort != NULL && sort[0] == '-';
    const char *name = descending ? sort + 1 : sort;

    for (size_t i = 0; name != NULL && i < sizeof orders / sizeof orders[0]; i++) {
        if (strcmp(name, orders[i].name) != 0) {
            continue;
        }
        if (rows->count > 1) {
            qsort(rows->items, rows->count, sizeof(struct resource *), orders[i].compare);
        }
        for (size_t row = 0; descending && row < rows->count / 2; row++) {
            struct resource *other = rows->items[rows->count - 1 - row];
            rows->items[rows->count - 1 - row] = rows->items[row];
            rows->items[row] = other;
        }
        return true;
    }
    return name == NULL || fail(failure, 400, "processing", "HAPI-1192: Invalid _sort expression: %s", sort);
}

void rows_free(struct rows *rows)
{
    memory_free(rows->items);
    *rows = (struct rows){0};
}
