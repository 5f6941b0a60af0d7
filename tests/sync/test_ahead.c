/* What is sent ahead, so that the server works while a page is recorded: it is asked for once, counted, and never kept for
 * anything else. */
#include "tests/sync/sync_test.h"

#include "sync/portion.h"

/* Hands on to the real transport, and watches. */
struct watch {
    struct transport inner;
    int exchanges, aheads;
    size_t largest;                     /* page of several, in bytes */
    int cancel_at;                      /* the ahead with this number is the last thing before the nurse stops it; 0: none */
    atomic_bool cancelled;
};

static enum status watched_exchange(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct watch *watch = context;
    watch->exchanges++;
    enum status status = watch->inner.exchange(watch->inner.context, request, response, error);
    if (request->limit == PAGE_BYTES && response->end == EXCHANGE_ANSWERED && response->body.length > watch->largest) {
        watch->largest = response->body.length;
    }
    return status;
}

/* The server has what was sent by then. */
static void wait_a_moment(void)
{
    struct timespec moment = {.tv_nsec = 200000000};
    nanosleep(&moment, NULL);
}

static void watched_ahead(void *context, const struct request *request, struct spent *spent)
{
    struct watch *watch = context;
    watch->inner.ahead(watch->inner.context, request, spent);
    if (request != NULL && ++watch->aheads == watch->cancel_at) {
        wait_a_moment();
        atomic_store(&watch->cancelled, true);
    }
}

static void watch_begin(struct watch *watch, struct bed *bed)
{
    *watch = (struct watch){.inner = http_transport(bed->http)};
    bed->sync.transport = (struct transport){.exchange = watched_exchange, .ahead = watched_ahead, .context = watch};
    bed->sync.cancelled = &watch->cancelled;
}

static struct request get_of(char *url, size_t size, const struct bed *bed, const char *path)
{
    text_format(url, size, "%s%s", bed->base, path);
    return (struct request){.method = "GET", .url = url};
}

static void what_is_sent_ahead_is_asked_for_once(void **state)
{
    struct bed *bed = *state;
    struct transport transport = http_transport(bed->http);
    struct response plain;
    struct response ahead;
    struct spent spent;
    char url[256];
    struct request request = get_of(url, sizeof url, bed, "/Patient/p1");
    response_init(&plain);
    assert_int_equal(transport.exchange(transport.context, &request, &plain, NULL), STATUS_OK);
    assert_int_equal(counted(bed, "requests"), 1);
    transport.ahead(transport.context, &request, &spent);
    assert_int_equal(spent.requests, 0);
    response_init(&ahead);
    assert_int_equal(transport.exchange(transport.context, &request, &ahead, NULL), STATUS_OK);
    assert_int_equal(counted(bed, "requests"), 2);
    assert_int_equal(ahead.status, 200);
    assert_int_equal(ahead.body.length, plain.body.length);
    assert_memory_equal(ahead.body.data, plain.body.data, plain.body.length);
    assert_int_equal(ahead.bytes_out, plain.bytes_out);
    assert_true(ahead.bytes_in > 0);
    transport.ahead(transport.context, NULL, &spent);
    assert_int_equal(spent.requests, 0);
    response_free(&plain);
    response_free(&ahead);
}

/* Another address, another method, a condition, another limit: that is another request. */
static void another_request_gives_up_what_was_sent_ahead(void **state)
{
    struct bed *bed = *state;
    struct transport transport = http_transport(bed->http);
    char url[256];
    char other[256];
    const struct request request = get_of(url, sizeof url, bed, "/Observation?_count=20");
    struct request others[] = {get_of(other, sizeof other, bed, "/Patient/p1"), request, request, request};
    struct spent spent;
    int64_t before = 0;
    others[1].method = "POST";
    others[1].body = "{}";
    others[1].body_length = 2;
    others[2].if_match = "W/\"1\"";
    others[3].limit = 100;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct response response;
        response_init(&response); /* there is a connection, so that it really goes out */
        assert_int_equal(transport.exchange(transport.context, &others[0], &response, NULL), STATUS_OK);
        response_free(&response);
        response_init(&response);
        before = counted(bed, "requests");
        transport.ahead(transport.context, &request, &spent);
        wait_a_moment();
        assert_int_equal(transport.exchange(transport.context, &others[i], &response, NULL), STATUS_OK);
        assert_int_equal(counted(bed, "requests"), before + 2);
        assert_int_equal(response.end, i == 3 ? EXCHANGE_TOO_LARGE : EXCHANGE_ANSWERED);
        assert_true(i != 0 || strstr(buffer_text(&response.body), "\"Patient\"") != NULL);
        response_free(&response);
        transport.ahead(transport.context, NULL, &spent);
        assert_int_equal(spent.requests, 1);
        assert_true(spent.bytes_out > 50);
        transport.ahead(transport.context, NULL, &spent);
        assert_int_equal(spent.requests, 0);
    }
}

static void nothing_is_sent_ahead_to_another_server(void **state)
{
    struct bed *bed = *state;
    struct bed other = *bed;
    struct transport transport = http_transport(bed->http);
    struct spent spent;
    char url[256];
    start_server(&other, NULL);
    struct request request = get_of(url, sizeof url, &other, "/Patient/p1");
    transport.ahead(transport.context, &request, &spent);
    transport.ahead(transport.context, NULL, &spent);
    assert_int_equal(spent.requests, 0);
    assert_int_equal(counted(&other, "requests"), 0);
    http_free(other.door);
    http_free(other.http);
    stop_program(other.server);
}

/* Two pages of a type, and from one type to the next: nothing is asked for in vain, and the journal counts each once. */
static void a_sync_is_ahead_and_asks_for_nothing_twice(void **state)
{
    struct bed *bed = *state;
    struct watch watch;
    watch_begin(&watch, bed);
    int64_t before = counted(bed, "requests");
    assert_run(bed, STATUS_OK);
    assert_int_equal(bed->result.entry.requests, watch.exchanges);
    assert_int_equal(counted(bed, "requests") - before, watch.exchanges);
    assert_true(watch.aheads >= watch.exchanges / 2);
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    bed->sync.transport = watch.inner;
    bed->sync.cancelled = NULL;
}

/* The nurse stops it between a page and the next, at each of them in turn: the page stays, the count is right. */
static void what_a_stopped_sync_sent_ahead_is_counted(void **state)
{
    struct bed *bed = *state;
    enum status status = STATUS_CANCELLED;
    for (int at = 1; status == STATUS_CANCELLED; at += 5) {
        struct watch watch;
        watch_begin(&watch, bed);
        watch.cancel_at = at;
        int64_t before = counted(bed, "requests");
        status = run(bed);
        assert_true(status == STATUS_OK || status == STATUS_CANCELLED);
        assert_int_equal(counted(bed, "requests") - before, bed->result.entry.requests);
        assert_int_equal(bed->result.entry.requests, watch.exchanges + (status == STATUS_CANCELLED ? 1 : 0));
        assert_true(at > 1 || status == STATUS_CANCELLED);
    }
    assert_int_equal(number(bed, COMPLETE_COUNT), PATIENTS);
    bed->sync.transport = http_transport(bed->http);
    bed->sync.cancelled = NULL;
}

static void memory_may_fail_at_any_point_of_it(void **state)
{
    struct bed *bed = *state;
    char url[256];
    struct request request = get_of(url, sizeof url, bed, "/Patient/p1");
    int failures = 0;
    bool met = true;
    for (long nth = 1; met; nth++) {
        struct transport transport = http_transport(bed->http);
        struct response response;
        struct spent spent;
        response_init(&response);
        memory_fail_at(nth, 0);
        transport.ahead(transport.context, &request, &spent);
        enum status status = transport.exchange(transport.context, &request, &response, NULL);
        met = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
        assert_true(status == STATUS_NO_MEMORY || response.end != EXCHANGE_ANSWERED || response.status == 200);
        failures += status == STATUS_NO_MEMORY ? 1 : 0;
        response_free(&response);
    }
    assert_true(failures > 3);
}

static void write_large_notes(const char *path, int count, size_t size)
{
    struct buffer out;
    buffer_init(&out, 64u * 1024 * 1024);
    buffer_append_text(&out, "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"Kim\"}],\"birthDate\":\"1938-04-02\"}\n");
    for (int i = 0; i < count; i++) {
        buffer_format(&out, "{\"resourceType\":\"DocumentReference\",\"id\":\"d%d\",\"status\":\"current\",\"subject\":{\"reference\":"
                            "\"Patient/p1\"},\"content\":[{\"attachment\":{\"contentType\":\"image/png\",\"data\":\"", i);
        for (size_t j = 0; j < size; j++) {
            buffer_append_byte(&out, 'A');
        }
        buffer_append_text(&out, "\"}}]}\n");
    }
    assert_int_equal(out.status, STATUS_OK);
    test_file_write(path, out.data, out.length);
    buffer_free(&out);
}

/* A page of photographs would fill a small device: it comes in parts. One that is large by itself comes alone. */
static void large_pages_come_in_parts(void **state)
{
    (void)state;
    static const struct {
        int notes;
        size_t size;
    } charts[] = {{40, 200 * 1000}, {3, 1900 * 1000}};
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        struct bed *bed = new_home();
        struct watch watch;
        assert_int_equal(file_join(bed->load, sizeof bed->load, bed->fixture.folder, "load.ndjson", NULL), STATUS_OK);
        write_large_notes(bed->load, charts[i].notes, charts[i].size);
        start_server(bed, NULL);
        enrol(bed, "Patient?_id=p1");
        watch_begin(&watch, bed);
        assert_run(bed, STATUS_OK);
        assert_int_equal(number(bed, "SELECT count(*) FROM resource WHERE type = 'DocumentReference'"), charts[i].notes);
        assert_int_equal(number(bed, COMPLETE_COUNT), 1);
        assert_true(watch.largest <= PAGE_BYTES);
        bed->sync.transport = watch.inner;
        free_bed(bed);
    }
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bed_test(what_is_sent_ahead_is_asked_for_once),
        bed_test(another_request_gives_up_what_was_sent_ahead),
        bed_test(nothing_is_sent_ahead_to_another_server),
        bed_test(a_sync_is_ahead_and_asks_for_nothing_twice),
        bed_test(what_a_stopped_sync_sent_ahead_is_counted),
        bed_test(memory_may_fail_at_any_point_of_it),
        cmocka_unit_test(large_pages_come_in_parts),
    };
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
