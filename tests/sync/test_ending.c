/* How an exchange ends that gets no answer: what is not worth waiting for, and what the nurse is told. */
#include "sync/ending.h"
#include "sync/pace.h"
#include "tests/sync/sync_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

/* --- the pace, as a table ---------------------------------------------------------------------------------------------- */

#define BETWEEN_LOOKS (6 * 1024 * 1024) /* bytes that this machine may bring itself before libcurl lets anybody look */

static const struct pace_limits patience = {.window_ms = PACE_WINDOW_MS, .least = PACE_LEAST};

/* What passes a second, for so many seconds; the first verdict that is not FINE. */
static enum pace_verdict pass(uint64_t sent_each, uint64_t to_send, int64_t silence, uint64_t received_each, int64_t seconds)
{
    struct pace pace = {.since = 0};
    struct pace_count count = {.now = 5000, .to_send = to_send};
    int64_t answering = -1;
    for (int64_t second = 0; second < seconds; second++) {
        count.now += 1000;
        if (count.sent < to_send) {
            count.sent = count.sent + sent_each < to_send ? count.sent + sent_each : to_send;
            answering = second + silence;
        } else if (second > answering) {
            count.received += received_each;
        }
        enum pace_verdict verdict = pace_judge(&pace, &patience, &count, 4u << 20);
        if (verdict != PACE_FINE) {
            return verdict;
        }
    }
    return PACE_FINE;
}

static void a_slow_line_is_waited_for_and_a_trickle_is_not(void **state)
{
    static const struct {
        uint64_t sent, to_send;
        int64_t silence;
        uint64_t received;
        int64_t seconds;
        enum pace_verdict verdict;
    } lines[] = {
        {0, 0, 0, 8000, 500, PACE_FINE},           /* 64 kbit/s */
        {0, 0, 0, 240, 17000, PACE_FINE},          /* 2 kbit/s, less what packets cost, all of 4 MB */
        {240, 60000, 29, 240, 3000, PACE_FINE},    /* the same both ways, and a server that thinks */
        {240, 24500, 29, 240, 3000, PACE_FINE},    /* what was slow before it began to think is not held against it */
        {0, 0, 100, 240, 3000, PACE_FINE},         /* silence is libcurl's to judge */
        {0, 0, 0, 20, 241, PACE_TOO_SLOW},
        {0, 0, 0, 150, 241, PACE_TOO_SLOW},
        {20, 60000, 0, 0, 241, PACE_TOO_SLOW},     /* a server that takes a visit in drops */
        {0, 0, 0, 1000000, 5, PACE_TOO_MUCH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        enum pace_verdict verdict = pass(lines[i].sent, lines[i].to_send, lines[i].silence, lines[i].received, lines[i].seconds);
        if (verdict != lines[i].verdict) {
            fail_msg("line %zu: %d", i, (int)verdict);
        }
    }
}

/* What packing adds to a body that is as large as it may be is no reason to give it up. */
static void a_full_answer_may_be_a_little_longer_on_the_line(void **state)
{
    struct pace pace = {.since = 0};
    struct pace_count count = {.received = (4u << 20) + 2000};
    (void)state;
    assert_int_equal(pace_judge(&pace, &patience, &count, 4u << 20), PACE_FINE);
}

/* --- servers that keep the line busy ------------------------------------------------------------------------------------ */

/* Answers everybody with `head`, then with `block` for ever, `pause` milliseconds after each. */
static pid_t serve(const char *head, size_t head_length, const char *block, size_t length, int pause, char *base, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t room = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &room), 0);
    text_format(base, size, "http://127.0.0.1:%d/fhir", ntohs(address.sin_port));
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            char request[4096];
            int connection = accept(listener, NULL, NULL);
            bool going = read(connection, request, sizeof request) > 0 && write(connection, head, head_length) > 0;
            while (going) {
                going = write(connection, block, length) > 0;
                poll(NULL, 0, pause);
            }
            close(connection);
        }
    }
    close(listener);
    return child;
}

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nConnection: close\r\n"
#define PACKED HEAD "Content-Encoding: gzip\r\n\r\n"

static void what_never_ends_is_ended_and_named(void **state)
{
    static const char empty_blocks[] = PACKED "\x1f\x8b\x08\0\0\0\0\0\0\xff";
    static const char long_name[] = PACKED "\x1f\x8b\x08\x08\0\0\0\0\0\xff";
    static const char drip[] = HEAD "\r\n";
    static char blocks[20000];
    static char name[20000];
    static const struct {
        const char *head;
        size_t head_length;
        const char *block;
        size_t length;
        int pause;
        const char *words;
    } lies[] = {
        {empty_blocks, sizeof empty_blocks - 1, blocks, sizeof blocks, 0, "larger than this device accepts"},
        {long_name, sizeof long_name - 1, name, sizeof name, 0, "larger than this device accepts"},
        {drip, sizeof drip - 1, "{", 1, 20, "too slow for the answer"},
    };
    struct bed *bed = *state;
    memset(name, 'a', sizeof name);
    for (size_t i = 0; i < sizeof blocks; i += 5) {
        memcpy(blocks + i, "\0\0\0\xff\xff", 5); /* stored, none of nothing, and not the last */
    }
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct http *http = NULL;
        char base[64];
        pid_t child = serve(lies[i].head, lies[i].head_length, lies[i].block, lies[i].length, lies[i].pause, base, sizeof base);
        assert_int_equal(http_new(base, "", NULL, NULL, &http, NULL), STATUS_OK);
        http_set_patience(http, 500, 200);
        bed->sync.transport = http_transport(http);
        bed->sync.server = base;
        assert_run(bed, STATUS_UNREACHABLE);
        const char *reason = text_of(&bed->fixture, "SELECT reason FROM journal ORDER BY number DESC LIMIT 1");
        if (strstr(reason, lies[i].words) == NULL) {
            fail_msg("lie %zu: %s", i, reason);
        }
        assert_true(bed->result.entry.bytes_in < RESPONSE_LIMIT + BETWEEN_LOOKS);
        http_free(http);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}

/* --- why there is no line ---------------------------------------------------------------------------------------------- */

static void each_reason_has_its_words(void **state)
{
    static const struct {
        struct ending ending;
        const char *words;
    } all[] = {
        {{.code = CURLE_COULDNT_RESOLVE_HOST}, "name is not known"},
        {{.code = CURLE_COULDNT_CONNECT, .system = ECONNREFUSED}, "does not take calls"},
        {{.code = CURLE_COULDNT_CONNECT, .system = ENETUNREACH}, "no way to the server"},
        {{.code = CURLE_COULDNT_CONNECT, .system = EHOSTUNREACH}, "no way to the server"},
        {{.code = CURLE_COULDNT_CONNECT, .system = ETIMEDOUT}, "no way to the server"},
        {{.code = CURLE_COULDNT_CONNECT, .system = 0}, "could not be reached"},
        {{.code = CURLE_OPERATION_TIMEDOUT}, "could not be reached"},
        {{.code = CURLE_OPERATION_TIMEDOUT, .bytes_out = 1}, "went silent"},
        {{.code = CURLE_PEER_FAILED_VERIFICATION, .verdict = 10}, "has expired"},
        {{.code = CURLE_PEER_FAILED_VERIFICATION, .verdict = 20}, "want a sign-in first"},
        {{.code = CURLE_SSL_CONNECT_ERROR}, "who it is"},
        {{.code = CURLE_SSL_CACERT_BADFILE}, "ca-file"},
        {{.code = CURLE_URL_MALFORMAT}, "right address"},
        {{.code = CURLE_PARTIAL_FILE, .bytes_out = 1}, "broke before"},
        {{.code = CURLE_ABORTED_BY_CALLBACK, .bytes_out = 1}, "stopped"},
        {{.code = CURLE_ABORTED_BY_CALLBACK, .pace = PACE_TOO_SLOW, .bytes_out = 1}, "too slow"},
        {{.code = CURLE_ABORTED_BY_CALLBACK, .pace = PACE_TOO_MUCH, .bytes_out = 1}, "larger than"},
        {{.code = CURLE_WRITE_ERROR, .body_full = true, .bytes_out = 1}, "larger than"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *words = ending_words(&all[i].ending);
        enum exchange_end end = ending_class(&all[i].ending);
        if (strstr(words, all[i].words) == NULL) {
            fail_msg("%zu: %s", i, words);
        }
        assert_true(all[i].ending.bytes_out > 0 || end == EXCHANGE_NOT_SENT);
        assert_true(end != EXCHANGE_NOT_SENT || strstr(words, "what was sent") == NULL);
    }
    assert_int_equal(ending_class(&all[14].ending), EXCHANGE_CANCELLED);
    assert_int_equal(ending_class(&all[15].ending), EXCHANGE_UNKNOWN);
    assert_int_equal(ending_class(&all[16].ending), EXCHANGE_TOO_LARGE);
}

static void words_of(const char *address, char *out, size_t size)
{
    struct http *http = NULL;
    struct response response;
    struct request request = {.method = "GET", .url = address};
    response_init(&response);
    assert_int_equal(http_new(address, "", NULL, NULL, &http, NULL), STATUS_OK);
    struct transport transport = http_transport(http);
    assert_int_equal(transport.exchange(transport.context, &request, &response, NULL), STATUS_OK);
    assert_int_equal(response.end, EXCHANGE_NOT_SENT);
    text_copy(out, size, response.reason);
    response_free(&response);
    http_free(http);
}

/* A port on which nobody listens: bound, so that it stays so. */
static int closed_port(char *address, size_t size)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t room = sizeof name;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&name, &room), 0);
    text_format(address, size, "https://127.0.0.1:%d/fhir", ntohs(name.sin_port));
    return descriptor;
}

/* In a network of its own, which leads nowhere: not even to this machine. False where none is to be had. */
static bool words_without_a_way(const char *address, char *out, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        char words[256] = "";
        if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
            words_of(address, words, sizeof words);
        }
        _exit(write(ends[1], words, sizeof words) == (ssize_t)sizeof words ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], out, size);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return got == (ssize_t)size && out[0] != '\0';
}

static void no_name_no_call_and_no_way_are_told_apart(void **state)
{
    char words[3][256];
    char address[64];
    (void)state;
    int closed = closed_port(address, sizeof address);
    words_of("https://no-such-host.invalid/fhir", words[0], sizeof words[0]);
    words_of(address, words[1], sizeof words[1]);
    assert_non_null(strstr(words[0], "name is not known"));
    assert_non_null(strstr(words[1], "does not take calls"));
    if (words_without_a_way(address, words[2], sizeof words[2])) {
        assert_non_null(strstr(words[2], "no way to the server"));
    } else {
        print_message("skipped: no network of its own is to be had\n");
    }
    close(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_line_is_waited_for_and_a_trickle_is_not),
        cmocka_unit_test(a_full_answer_may_be_a_little_longer_on_the_line),
        cmocka_unit_test_setup_teardown(what_never_ends_is_ended_and_named, group_bed, leave_bed),
        cmocka_unit_test(each_reason_has_its_words),
        cmocka_unit_test(no_name_no_call_and_no_way_are_told_apart),
    };
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
