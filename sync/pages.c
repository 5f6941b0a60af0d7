/* A search, page by page. See pages.h. Called by caseload.c, charts.c, people.c, manifest.c, address.c and singly.c. */
#include "sync/pages.h"

#include "base/memory.h"
#include "base/text.h"
#include "fhir/bundle.h"
#include "sync/exchange.h"
#include "sync/portion.h"

#include <string.h>

#define PAGES_AT_MOST 5000
#define RESTARTS_AT_MOST 2
#define EMPTY_AT_MOST 10 /* one after the other, each with a link to the next */
#define CUTS_AT_MOST 4 /* one after the other, without a page between them */
#define COUNT "_count="
#define SORTED "_sort=_lastUpdated"
#define SINCE "&_lastUpdated=ge"

/* Where a walk over pages is. A circle of pages is found by Brent's method: one page is remembered, at doubling distances. */
struct walk {
    struct sync *sync;
    struct sync_result *result;
    const char *url; /* where it began */
    char type[RESOURCE_TYPE_SIZE]; /* that is searched for */
    bool mixed;      /* the matches may bring others along */
    int64_t total;   /* of matches, as the server counts them; -1 while it does not */
    struct matches matches; /* that came; owned */
    int64_t lacked;  /* of the first time that less came than is counted: then it is asked once more; 0 before */
    char *from;      /* owned: where it began again; NULL: nowhere */
    const char *then; /* the search after it, NULL when nobody knows */
    enum status (*anew)(void *context, struct error *error); /* may be NULL */
    char *current;   /* owned, like the next two; NULL after the last page */
    char *next;
    char *landmark;
    int pages;
    int landmark_at; /* the page count at which the landmark moves on */
    int restarts;    /* without a page that went on between them */
    bool sorted;     /* by _lastUpdated, also in what came */
    instant reached; /* by that */
    instant restarted_at;
    int empty;
    int cuts;
    size_t size;     /* of the page asked for; 0: the search says it itself */
    size_t most;     /* what was too much once is not tried again in this walk */
};

static enum status walk_to(char **slot, const char *url, struct error *error)
{
    memory_free(*slot);
    *slot = memory_copy_text(url);
    return *slot == NULL && url != NULL ? error_no_memory(error) : STATUS_OK;
}

/* A link of the server's, over TLS where its address is. */
static enum status walk_to_link(const struct walk *walk, char **slot, const char *link, struct error *error)
{
    struct buffer secured;
    if (link == NULL || !url_lacks_tls(walk->sync->server, link)) {
        return walk_to(slot, link, error);
    }
    buffer_init(&secured, URL_SIZE);
    buffer_format(&secured, "https%s", strchr(link, ':'));
    enum status status = secured.status == STATUS_OK ? walk_to(slot, buffer_text(&secured), error) : error_no_memory(error);
    buffer_free(&secured);
    return status;
}

/* Remembers the next page, or that there is none. */
static enum status walk_note(struct walk *walk, const char *link, struct error *error)
{
    enum status status = walk_to_link(walk, &walk->next, link, error);
    if (status == STATUS_OK && walk->next != NULL &&
        (strcmp(walk->next, walk->current) == 0 || text_equal(walk->next, walk->landmark))) {
        status = error_set(error, STATUS_FAILED, _("the server's pages lead in a circle; the download was stopped"));
    } else if (status == STATUS_OK && walk->next != NULL && (walk->pages >= PAGES_AT_MOST || walk->empty >= EMPTY_AT_MOST)) {
        status = error_set(error, STATUS_FAILED, _("the server's pages do not end; the download was stopped: tell the office"));
    }
    if (status == STATUS_OK && ++walk->pages >= walk->landmark_at) {
        status = walk_to(&walk->landmark, walk->current, error);
        walk->landmark_at *= 2;
    }
    return status;
}

/* The page size that a link names: where it begins, and where it ends. NULL when it names none. */
static const char *count_in(const char *url, const char **end)
{
    for (const char *at = strstr(url, COUNT); at != NULL; at = strstr(at + 1, COUNT)) {
        if (at > url && (at[-1] == '?' || at[-1] == '&')) {
            *end = at + strcspn(at, "&#");
            return at;
        }
    }
    return NULL;
}

/* Gives *slot the page size of the walk. A link that names none is left as it is: links are the server's own. *named
 * (may be NULL) tells. */
static enum status resize(struct walk *walk, char **slot, bool *named, struct error *error)
{
    const char *end = NULL;
    const char *at = count_in(*slot, &end);
    struct buffer url;
    if (named != NULL) {
        *named = at != NULL;
    }
    if (at == NULL) {
        return STATUS_OK;
    }
    buffer_init(&url, URL_SIZE);
    buffer_append(&url, *slot, (size_t)(at - *slot));
    buffer_format(&url, COUNT "%zu", walk->size);
    buffer_append_text(&url, end);
    char *resized = buffer_take(&url);
    buffer_free(&url);
    if (resized == NULL) {
        return error_no_memory(error);
    }
    memory_free(*slot);
    *slot = resized;
    return STATUS_OK;
}

/* A copy of `url`, which says nothing of a page size, with one. Owned by *slot. */
static enum status walk_to_sized(char **slot, const char *url, size_t size, struct error *error)
{
    struct buffer sized;
    buffer_init(&sized, URL_SIZE);
    buffer_format(&sized, "%s%c" COUNT "%zu", url, strchr(url, '?') == NULL ? '?' : '&', size);
    enum status status = sized.status == STATUS_OK ? walk_to(slot, buffer_text(&sized), error) : error_no_memory(error);
    buffer_free(&sized);
    return status;
}

static enum status walk_begin(struct walk *walk, struct error *error)
{
    const char *end = NULL;
    walk->total = -1;
    matches_begin(&walk->matches);
    const char *url = walk->from != NULL ? walk->from : walk->url;
    enum status status = walk_to(&walk->current, url, error);
    if (status != STATUS_OK || (walk->size == 0 && count_in(url, &end) != NULL)) {
        return status;
    }
    if (walk->size == 0) {
        status = portion_get(walk->sync, PORTION_PAGE, &walk->size, error);
        walk->most = PAGE_MOST;
    }
    return status == STATUS_OK ? walk_to_sized(&walk->current, url, walk->size, error) : status;
}

static bool is_sorted(const char *url)
{
    const char *sort = strstr(url, SORTED);
    return sort != NULL && (sort[sizeof SORTED - 1] == '\0' || sort[sizeof SORTED - 1] == '&');
}

/* The search from what it has reached on, in the place of where it began. */
static enum status walk_on(struct walk *walk, struct error *error)
{
    struct buffer url;
    char since[40];
    const char *old = strstr(walk->url, SINCE);
    size_t kept = old != NULL ? (size_t)(old - walk->url) : strlen(walk->url);
    buffer_init(&url, URL_SIZE);
    buffer_append(&url, walk->url, kept);
    if (old != NULL) {
        old += sizeof SINCE - 1;
        buffer_append_text(&url, old + strcspn(old, "&"));
    }
    instant_format_utc(since, sizeof since, walk->reached);
    buffer_append_text(&url, SINCE);
    url_append_escaped(&url, since);
    enum status status = url.status == STATUS_OK ? walk_to(&walk->from, buffer_text(&url), error) : error_no_memory(error);
    buffer_free(&url);
    return status;
}

/* The server forgot its list of results while it was read (410): on from where the pages had come, when their order tells
 * that, else from the start; what is known is dropped. */
static enum status restart(struct walk *walk, struct error *error)
{
    bool reached = walk->sorted && walk->reached != INSTANT_NONE;
    walk->restarts = reached && walk->reached > walk->restarted_at ? 1 : walk->restarts + 1;
    if (walk->restarts > RESTARTS_AT_MOST) {
        return error_set(error, STATUS_UNREACHABLE,
                         _("the server forgot its list each time while it was read (410); what came is kept, and the next sync "
                           "asks for the rest: tell the office if this comes again and again"));
    }
    enum status status = STATUS_OK;
    if (reached) {
        walk->restarted_at = walk->reached;
        status = walk_on(walk, error);
    }
    return status == STATUS_OK ? walk_begin(walk, error) : status;
}

static void read_type(struct walk *walk)
{
    const char *end = strchr(walk->url, '?');
    const char *begin = end;
    while (begin != NULL && begin > walk->url && begin[-1] != '/') {
        begin--;
    }
    if (begin != NULL) {
        walk->mixed = strstr(end, "include") != NULL;
        text_format(walk->type, sizeof walk->type, "%.*s", (int)(end - begin), begin);
    }
}

/* Whether this page is one of what was asked for; and, if it is the last, whether with it came as many as the server counts. */
static enum status check_page(struct walk *walk, const cJSON *bundle, struct error *error)
{
    int64_t total = 0;
    enum status status = bundle_check_search(bundle, walk->mixed ? "" : walk->type, &walk->matches, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!bundle_total(bundle, &total)) {
        total = walk->total; /* HAPI knows that of a long list only on a later page */
    }
    walk->total = total;
    bool last = bundle_next(bundle) == NULL;
    int64_t came = last ? matches_distinct(&walk->matches) : 0;
    bool lacks = last && came < walk->total;
    walk->result->last.lacking = lacks && walk->total - came != walk->lacked;
    if (lacks && !walk->result->last.lacking) {
        walk->result->hidden += (int)walk->lacked; /* the same again: the server counts what it does not show */
    }
    if (walk->result->last.lacking) {
        return error_set(error, STATUS_FAILED,
                         _("the server counts %lld %s records and sent %lld: the next sync asks again; tell the office if it goes on"),
                         (long long)walk->total, walk->type, (long long)came);
    }
    return STATUS_OK;
}

/* A page of several that is too large for the memory of a small device is asked for in half. */
static size_t limit_of(const struct walk *walk)
{
    return walk->size > 1 ? PAGE_BYTES : RESPONSE_LIMIT;
}

/* Notes where this page leads, and sends for what is there: the server can work on it while this one is recorded. */
static enum status look_ahead(struct walk *walk, const cJSON *bundle, struct error *error)
{
    size_t asked = walk->size;
    char *then = NULL;
    enum status status = walk_note(walk, bundle_next(bundle), error);
    if (status == STATUS_OK && walk->size > 0 && (walk->next != NULL || walk->then != NULL)) {
        status = portion_get(walk->sync, PORTION_PAGE, &walk->size, error);
    }
    if (status == STATUS_OK && walk->next != NULL) {
        status = walk->size != asked ? resize(walk, &walk->next, NULL, error) : STATUS_OK;
    } else if (status == STATUS_OK && walk->then != NULL && walk->size > 0) {
        status = walk_to_sized(&then, walk->then, walk->size, error);
    }
    if (status == STATUS_OK) {
        exchange_ahead(walk->sync, walk->result, walk->next != NULL ? walk->next : then, limit_of(walk));
    }
    memory_free(then);
    return status;
}

static enum status fetch_page(struct walk *walk, cJSON **bundle, struct error *error)
{
    int64_t began = clock_monotonic(&walk->sync->clock);
    enum status status = exchange_get_within(walk->sync, walk->result, walk->current, limit_of(walk), bundle, error);
    if (status == STATUS_OK && !bundle_is(*bundle)) {
        status = error_set(error, STATUS_UNREACHABLE, _("the server did not answer a search with a list; it is asked again"));
    }
    status = status == STATUS_OK ? check_page(walk, *bundle, error) : status;
    if (status == STATUS_OK && walk->size > 0) {
        size_t came = bundle_count(*bundle);
        bool last = bundle_next(*bundle) == NULL; /* a short page that came quickly says little of a long one */
        walk->cuts = 0;
        status = portion_note(walk->sync, PORTION_PAGE, last ? came : walk->size,
                              clock_monotonic(&walk->sync->clock) - began, walk->most, error);
    }
    return status;
}

/* What came in part, or was too large, is asked for in half; what did not come at all, by the next run. OK: again. */
static enum status ask_for_less(struct walk *walk, enum status status, struct error *error)
{
    struct last_exchange *last = &walk->result->last;
    struct error trouble = {0};
    size_t tried = walk->size;
    if (tried == 0 || last->end == LAST_WHOLE) {
        return status;
    }
    enum status noted = portion_shrink(walk->sync, PORTION_PAGE, tried, &walk->size, &trouble);
    if (noted != STATUS_OK) {
        return error_set(error, noted, "%s", trouble.sentence);
    }
    walk->most = walk->size;
    walk->cuts++;
    if (last->end == LAST_SILENT) {
        return status;
    }
    last->alone = tried == 1 && (last->end == LAST_TOO_LARGE || walk->cuts > 1);
    if (last->alone || (last->end == LAST_CUT && walk->cuts >= CUTS_AT_MOST)) {
        return status;
    }
    bool named = false;
    noted = resize(walk, &walk->current, &named, error);
    return noted == STATUS_OK && !named ? walk_begin(walk, error) : noted;
}

/* From the beginning: what is missing may stand anywhere. */
static enum status ask_once_more(struct walk *walk, void *context, struct error *error)
{
    walk->lacked = walk->total - matches_distinct(&walk->matches);
    walk->result->last.lacking = false;
    memory_free(walk->from);
    walk->from = NULL;
    error_clear(error);
    enum status status = walk->anew == NULL ? STATUS_OK : walk->anew(context, error);
    return status == STATUS_OK ? walk_begin(walk, error) : status;
}

static enum status step(struct walk *walk, enum status (*page)(void *context, const cJSON *bundle, struct error *error),
                        void *context, struct error *error)
{
    struct error astray = {0};
    cJSON *bundle = NULL;
    enum status status = fetch_page(walk, &bundle, error);
    if (status == STATUS_FAILED && walk->result->last.lacking && walk->lacked == 0) {
        cJSON_Delete(bundle);
        return ask_once_more(walk, context, error);
    }
    if (status == STATUS_UNREACHABLE || status == STATUS_FAILED) {
        cJSON_Delete(bundle);
        return ask_for_less(walk, status, error);
    }
    if (status == STATUS_NOT_FOUND && walk->pages > 0) {
        return restart(walk, error);
    }
    if (status == STATUS_OK) {
        walk->empty = bundle_count(bundle) == 0 ? walk->empty + 1 : 0;
        walk->sorted = walk->sorted && search_reached(bundle, &walk->reached);
        enum status led = look_ahead(walk, bundle, &astray);
        status = page(context, bundle, error);
        if (status == STATUS_OK && led != STATUS_OK) {
            status = error_set(error, led, "%s", astray.sentence);
        }
    }
    if (status == STATUS_OK) {
        memory_free(walk->current);
        walk->current = walk->next;
        walk->next = NULL;
    }
    cJSON_Delete(bundle);
    return status;
}

enum status search_each_page(struct sync *sync, struct sync_result *result, const char *url,
                             enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                             struct error *error)
{
    return search_each_page_around(sync, result, url, &(struct search_around){.then = NULL}, page, context, error);
}

enum status search_each_page_around(struct sync *sync, struct sync_result *result, const char *url,
                                    const struct search_around *around,
                                    enum status (*page)(void *context, const cJSON *bundle, struct error *error), void *context,
                                    struct error *error)
{
    struct walk walk = {.sync = sync, .result = result, .url = url, .then = around->then, .anew = around->anew, .landmark_at = 1,
                        .sorted = is_sorted(url), .reached = INSTANT_NONE, .restarted_at = INSTANT_NONE};
    result->last.alone = false;
    result->last.lacking = false;
    read_type(&walk);
    enum status status = walk_begin(&walk, error);
    while (status == STATUS_OK && walk.current != NULL) {
        status = step(&walk, page, context, error);
    }
    memory_free(walk.from);
    memory_free(walk.current);
    memory_free(walk.next);
    memory_free(walk.landmark);
    matches_free(&walk.matches);
    return status;
}

/* Of one page. */
struct reaching {
    instant newest;
    bool ordered;
};

static enum status reach(void *context, size_t index, const struct bundle_entry *entry, struct error *error)
{
    struct reaching *reaching = context;
    struct resource_head head;
    (void)index;
    (void)error;
    if (entry->resource == NULL || entry->resource == entry->outcome || strcmp(entry->search_mode, "include") == 0) {
        return STATUS_OK;
    }
    reaching->ordered = reaching->ordered && resource_head_read(entry->resource, &head, NULL) == STATUS_OK &&
                        head.updated != INSTANT_NONE && head.updated >= reaching->newest;
    reaching->newest = reaching->ordered ? head.updated : reaching->newest;
    return STATUS_OK;
}

bool search_reached(const cJSON *bundle, instant *reached)
{
    struct reaching reaching = {.newest = *reached, .ordered = true};
    bool told = bundle_each(bundle, reach, &reaching, NULL) == STATUS_OK && reaching.ordered;
    *reached = told ? reaching.newest : *reached;
    return told;
}
