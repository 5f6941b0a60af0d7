/* The background thread: asked, cancelled, left; and the nurse works on meanwhile. */
#include "sync/network.h"
#include "sync/worker.h"
#include "tests/sync/sync_test.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>

struct desk {
    struct bed *bed;
    struct config config;
    atomic_int waiting;
    struct worker *worker;
};

static struct desk *new_desk(const char *server)
{
    struct desk *desk = memory_allocate(sizeof *desk);
    desk->bed = new_bed("Group/g1", NULL, 3);
    config_defaults(&desk->config);
    text_copy(desk->config.server, sizeof desk->config.server, server == NULL ? desk->bed->base : server);
    desk->bed->fixture.options.writer_waiting = &desk->waiting;
    store_close(desk->bed->fixture.store);
    desk->bed->fixture.store = NULL;
    open_bed(desk->bed);
    assert_int_equal(worker_new(&desk->bed->fixture.paths, desk->bed->fixture.vault, &desk->bed->fixture.options, &desk->config,
                                &desk->worker, NULL), STATUS_OK);
    return desk;
}

static void free_desk(struct desk *desk)
{
    worker_free(desk->worker);
    free_bed(desk->bed);
    memory_free(desk);
}

/* Waits for the descriptor until `done` says so, ten seconds at most. */
static struct worker_snapshot wait_until(struct desk *desk, bool (*done)(const struct worker_snapshot *snapshot))
{
    struct worker_snapshot snapshot;
    int64_t start = system_clock_now(NULL);
    for (worker_snapshot(desk->worker, &snapshot); !done(&snapshot); worker_snapshot(desk->worker, &snapshot)) {
        struct pollfd wait = {.fd = worker_descriptor(desk->worker), .events = POLLIN};
        assert_true(system_clock_now(NULL) - start < 30000);
        poll(&wait, 1, 1000);
        worker_acknowledge(desk->worker);
    }
    return snapshot;
}

static bool finished(const struct worker_snapshot *snapshot)
{
    return snapshot->finished_once && snapshot->phase == WORKER_IDLE;
}

static bool pulling(const struct worker_snapshot *snapshot)
{
    return snapshot->phase == WORKER_PULLING;
}

static bool failed(const struct worker_snapshot *snapshot)
{
    return snapshot->last != STATUS_OK;
}

static bool succeeded(const struct worker_snapshot *snapshot)
{
    return finished(snapshot) && snapshot->last == STATUS_OK;
}

static void it_syncs_when_asked(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    struct worker_snapshot snapshot;
    worker_snapshot(desk->worker, &snapshot);
    assert_false(snapshot.finished_once);
    int64_t before = store_change_counter(desk->bed->fixture.store);
    worker_request(desk->worker);
    snapshot = wait_until(desk, finished);
    assert_int_equal(snapshot.last, STATUS_OK);
    assert_true(snapshot.configured);
    assert_string_equal(snapshot.reason, "");
    assert_true(snapshot.generation > 2);
    assert_int_not_equal(store_change_counter(desk->bed->fixture.store), before);
    assert_int_equal(number(desk->bed, COMPLETE_COUNT), PATIENTS);
    free_desk(desk);
}

static void a_clinic_without_a_server_is_no_failure(void **state)
{
    (void)state;
    struct desk *desk = new_desk("");
    assert_int_equal(store_setting_set(desk->bed->fixture.store, SETTING_SERVER, "", NULL), STATUS_OK);
    worker_request(desk->worker);
    struct worker_snapshot snapshot = wait_until(desk, finished);
    assert_false(snapshot.configured);
    assert_int_equal(snapshot.last, STATUS_OK);
    assert_int_equal(counted(desk->bed, "requests"), 0);
    free_desk(desk);
}

static void why_it_failed_is_known_until_it_works(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    fault(desk->bed, "{\"fault\":\"html\"}");
    worker_request(desk->worker);
    struct worker_snapshot snapshot = wait_until(desk, failed);
    assert_int_equal(snapshot.last, STATUS_UNREACHABLE);
    assert_non_null(strstr(snapshot.reason, "web page"));
    worker_request(desk->worker);
    snapshot = wait_until(desk, succeeded);
    assert_string_equal(snapshot.reason, "");
    free_desk(desk);
}

static void a_second_sync_of_this_nurse_waits(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    struct presence *presence = NULL;
    assert_int_equal(presence_begin_sync(&desk->bed->fixture.paths, &presence, NULL), STATUS_OK);
    worker_request(desk->worker);
    assert_int_equal(wait_until(desk, failed).last, STATUS_BUSY);
    assert_int_equal(counted(desk->bed, "requests"), 0);
    presence_release(presence);
    worker_request(desk->worker);
    wait_until(desk, succeeded);
    free_desk(desk);
}

/* A failure before the first byte is in the journal too: else the run before it would seem the last. */
static void an_attempt_that_could_not_begin_leaves_a_line(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    struct sync_status status;
    worker_request(desk->worker);
    wait_until(desk, succeeded);
    assert_int_equal(store_setting_set(desk->bed->fixture.store, SETTING_TOKEN, "broken\nin two", NULL), STATUS_OK);
    worker_request(desk->worker);
    assert_int_equal(wait_until(desk, failed).last, STATUS_INVALID);
    assert_int_equal(query_status(desk->bed->fixture.store, &status, NULL), STATUS_OK);
    assert_int_equal(status.last_result, STATUS_INVALID);
    assert_non_null(strstr(status.last_reason, "token"));
    assert_int_equal(number(desk->bed, "SELECT count(*) FROM journal"), 2);
    free_desk(desk);
}

/* What the screen is told of a run, until it ends. */
static void the_snapshot_counts_what_arrived_and_stays(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    char visit[UUID_SIZE];
    worker_request(desk->worker);
    struct worker_snapshot first = wait_until(desk, succeeded);
    assert_true(first.run >= 1);
    assert_int_equal(first.sent.total, 0);
    assert_int_equal(first.received.total, PATIENTS);
    assert_int_equal(first.received.done, PATIENTS);
    assert_string_equal(first.patient, "");
    int queued = (int)sign_visit(desk->bed, "p1", small_visit, NULL, visit);
    fault(desk->bed, "{\"fault\":\"reject\",\"contains\":\"8867-4\"}");
    worker_request(desk->worker);
    struct worker_snapshot second = wait_until(desk, failed);
    assert_int_equal(second.last, STATUS_ATTENTION);
    assert_true(second.run > first.run);
    assert_int_equal(second.sent.total, queued);
    assert_true(second.sent.done > 0 && second.sent.done < queued);
    assert_int_equal(second.sent.done, queued - number(desk->bed, OUTBOX_COUNT));
    free_desk(desk);
}

static bool somebody_left(const struct worker_snapshot *snapshot)
{
    return finished(snapshot) && snapshot->departed_run == snapshot->run;
}

static void who_left_the_caseload_is_named(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    worker_request(desk->worker);
    assert_int_equal(wait_until(desk, succeeded).departed_run, 0);
    put_resource(desk->bed, "Group/g1",
                 "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true,"
                 "\"member\":[{\"entity\":{\"reference\":\"Patient/p1\"}}]}");
    worker_request(desk->worker);
    struct worker_snapshot snapshot = wait_until(desk, somebody_left);
    assert_int_equal(snapshot.departed, PATIENTS - 1);
    assert_non_null(strstr(snapshot.departed_names, ", "));
    free_desk(desk);
}

static void a_hanging_server_does_not_hold_the_program(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    fault(desk->bed, "{\"fault\":\"hang\",\"match\":\"/fhir/Observation\"}");
    worker_request(desk->worker);
    wait_until(desk, pulling);
    int64_t start = system_clock_now(NULL);
    worker_free(desk->worker);
    desk->worker = NULL;
    assert_true(system_clock_now(NULL) - start < 2500);
    assert_int_equal(number(desk->bed, COMPLETE_COUNT), 0);
    assert_int_equal(number(desk->bed, "SELECT count(*) FROM journal"), 1);
    free_desk(desk);
}

static void a_run_can_be_cancelled_and_asked_again(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    fault(desk->bed, "{\"fault\":\"hang\",\"match\":\"/fhir/Observation\"}");
    worker_request(desk->worker);
    wait_until(desk, pulling);
    worker_cancel(desk->worker);
    assert_int_equal(wait_until(desk, failed).last, STATUS_CANCELLED);
    no_faults(desk->bed); /* it may have been stopped before it met this one */
    worker_request(desk->worker);
    wait_until(desk, succeeded);
    assert_int_equal(number(desk->bed, COMPLETE_COUNT), PATIENTS);
    free_desk(desk);
}

static void asking_before_leaving_is_harmless(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    for (int i = 0; i < 20; i++) {
        worker_request(desk->worker);
        worker_cancel(desk->worker);
    }
    free_desk(desk);
    worker_free(NULL);
}

/* The nurse writes and reads all the time while runs come and go; every field she typed and every visit arrives. */
static void the_nurse_works_on_meanwhile(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    struct bed *bed = desk->bed;
    char visit[UUID_SIZE];
    worker_request(desk->worker);
    wait_until(desk, succeeded);
    for (int i = 0; i < 24; i++) {
        char patient[ID_SIZE];
        struct chart chart;
        struct worker_snapshot snapshot;
        text_format(patient, sizeof patient, "p%d", i % PATIENTS + 1);
        sign_visit(bed, patient, small_visit, NULL, visit);
        worker_request(desk->worker);
        chart_init(&chart);
        assert_int_equal(query_chart(bed->fixture.store, patient, 0, 10, system_clock_now(NULL), &chart, NULL), STATUS_OK);
        chart_free(&chart);
        worker_snapshot(desk->worker, &snapshot);
        worker_acknowledge(desk->worker);
        if (i % 6 == 5) {
            worker_cancel(desk->worker);
        }
    }
    int64_t start = system_clock_now(NULL);
    while (number(bed, OUTBOX_COUNT) > 0) {
        struct timespec pause = {.tv_nsec = 20000000};
        assert_true(system_clock_now(NULL) - start < 30000);
        worker_request(desk->worker);
        nanosleep(&pause, NULL);
    }
    assert_int_equal(held(bed, "Encounter", NULL), 24);
    free_desk(desk);
}

static pthread_t signalled;

static void note_thread(int signal)
{
    (void)signal;
    signalled = pthread_self();
}

static void signals_reach_the_screen_not_the_thread(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    signal(SIGUSR1, note_thread);
    for (int i = 0; i < 50; i++) {
        kill(getpid(), SIGUSR1);
    }
    assert_true(pthread_equal(signalled, pthread_self()));
    free_desk(desk);
}

/* --- the network's return ------------------------------------------------------------------------------ */

static void no_chance(void *context, void *bytes, size_t count)
{
    (void)context;
    memset(bytes, 0xff, count);
}

struct news {
    struct nlmsghdr head;
    union {
        struct ifaddrmsg address;
        struct ifinfomsg link;
    };
};

/* News as the kernel words them. */
static void send_news(int end, const struct news *news)
{
    struct news whole = *news;
    whole.head.nlmsg_len = sizeof whole;
    assert_int_equal(send(end, &whole, sizeof whole, 0), sizeof whole);
}

static const struct news address_here = {.head = {.nlmsg_type = RTM_NEWADDR}, .address = {.ifa_scope = RT_SCOPE_UNIVERSE}};
static const struct news link_down = {.head = {.nlmsg_type = RTM_NEWLINK}, .link = {.ifi_change = IFF_RUNNING}};
static const struct news link_up = {.head = {.nlmsg_type = RTM_NEWLINK},
                                    .link = {.ifi_flags = IFF_UP | IFF_RUNNING, .ifi_change = IFF_RUNNING}};
static const struct news link_as_before = {.head = {.nlmsg_type = RTM_NEWLINK}, .link = {.ifi_flags = IFF_UP | IFF_RUNNING}};
static const struct news address_of_itself = {.head = {.nlmsg_type = RTM_NEWADDR}, .address = {.ifa_scope = RT_SCOPE_HOST}};
static const struct news address_gone = {.head = {.nlmsg_type = RTM_DELADDR}, .address = {.ifa_scope = RT_SCOPE_UNIVERSE}};

static void news_of_the_network_are_read(void **state)
{
    static const struct {
        const struct news *news;
        bool appeared;
    } cases[] = {{&address_here, true},       {&link_up, true},            {&link_down, false},
                 {&link_as_before, false}, {&address_of_itself, false}, {&address_gone, false}};
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    assert_false(network_appeared(ends[0]));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        send_news(ends[1], cases[i].news);
        assert_int_equal(network_appeared(ends[0]), cases[i].appeared);
    }
    send_news(ends[1], &link_up); /* all that wait are read at once */
    send_news(ends[1], &link_down);
    assert_true(network_appeared(ends[0]));
    assert_false(network_appeared(ends[0]));
    assert_int_equal(send(ends[1], &link_up, 7, 0), 7); /* cut */
    assert_false(network_appeared(ends[0]));
    close(ends[0]);
    close(ends[1]);
    int kernel = network_open();
    assert_false(kernel >= 0 && network_appeared(kernel));
    close(kernel);
}

static void it_tries_soon_when_the_network_returns(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    int ends[2];
    int64_t start = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    worker_free(desk->worker);
    desk->bed->fixture.options.randomness.fill = no_chance;
    assert_int_equal(worker_new_watching(&desk->bed->fixture.paths, desk->bed->fixture.vault, &desk->bed->fixture.options,
                                         &desk->config, ends[0], &desk->worker, NULL), STATUS_OK);
    fault(desk->bed, "{\"fault\":\"offline\",\"match\":\"/fhir\",\"times\":0}");
    worker_request(desk->worker);
    wait_until(desk, failed);
    no_faults(desk->bed);
    start = system_clock_now(NULL);
    send_news(ends[1], &address_here);
    wait_until(desk, succeeded);
    assert_in_range(system_clock_now(NULL) - start, 900, 20000); /* the timer alone would take 30 s */
    free_desk(desk);
    close(ends[1]);
}

/* --- a server that asks to be left alone ------------------------------------------------------------------ */

static _Atomic int64_t later; /* ms by which this device's clock is ahead of the machine's */

static int64_t later_now(void *context)
{
    return system_clock_now(context) + atomic_load(&later);
}

static bool is_held(const struct worker_snapshot *snapshot)
{
    return finished(snapshot) && strstr(snapshot->reason, "left alone until") != NULL;
}

/* The console is closed and opened again. */
static void open_again(struct desk *desk)
{
    struct bed *bed = desk->bed;
    worker_free(desk->worker);
    assert_int_equal(worker_new_watching(&bed->fixture.paths, bed->fixture.vault, &bed->fixture.options, &desk->config, -1,
                                         &desk->worker, NULL), STATUS_OK);
}

#define ASKS_TO_WAIT "{\"fault\":\"status\",\"status\":503,\"headers\":{\"Retry-After\":\"3600\"},\"match\":\"/fhir\"}"

static void a_server_that_asks_to_wait_is_left_alone(void **state)
{
    (void)state;
    struct desk *desk = new_desk(NULL);
    atomic_store(&later, 0);
    desk->bed->fixture.options.clock.now = later_now;
    open_again(desk);
    fault(desk->bed, ASKS_TO_WAIT);
    worker_request(desk->worker);
    assert_non_null(strstr(wait_until(desk, failed).reason, "3600 s"));
    int64_t asked = counted(desk->bed, "requests");
    open_again(desk);
    worker_request(desk->worker); /* as after unlocking */
    assert_int_equal(wait_until(desk, is_held).last, STATUS_UNREACHABLE);
    assert_int_equal(counted(desk->bed, "requests"), asked);
    assert_int_equal(number(desk->bed, "SELECT count(*) FROM journal"), 1); /* no attempt was made */
    atomic_store(&later, 3601 * INSTANT_SECOND);
    worker_request(desk->worker);
    wait_until(desk, succeeded);
    asked = counted(desk->bed, "requests");
    fault(desk->bed, ASKS_TO_WAIT);
    worker_request(desk->worker);
    wait_until(desk, failed);
    worker_request(desk->worker);
    wait_until(desk, is_held);
    assert_int_equal(counted(desk->bed, "requests"), asked + 1);
    worker_request_now(desk->worker); /* the nurse's own */
    wait_until(desk, succeeded);
    assert_true(counted(desk->bed, "requests") > asked + 1);
    free_desk(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_syncs_when_asked),
        cmocka_unit_test(a_clinic_without_a_server_is_no_failure),
        cmocka_unit_test(why_it_failed_is_known_until_it_works),
        cmocka_unit_test(a_second_sync_of_this_nurse_waits),
        cmocka_unit_test(an_attempt_that_could_not_begin_leaves_a_line),
        cmocka_unit_test(the_snapshot_counts_what_arrived_and_stays),
        cmocka_unit_test(who_left_the_caseload_is_named),
        cmocka_unit_test(a_hanging_server_does_not_hold_the_program),
        cmocka_unit_test(a_run_can_be_cancelled_and_asked_again),
        cmocka_unit_test(asking_before_leaving_is_harmless),
        cmocka_unit_test(the_nurse_works_on_meanwhile),
        cmocka_unit_test(signals_reach_the_screen_not_the_thread),
        cmocka_unit_test(news_of_the_network_are_read),
        cmocka_unit_test(it_tries_soon_when_the_network_returns),
        cmocka_unit_test(a_server_that_asks_to_wait_is_left_alone),
    };
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
