/* The transport over libcurl: whom it talks to, how an exchange can end, what it counts. */
#include "tests/sync/sync_test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

static enum status exchange(struct http *http, const struct request *request, struct response *response)
{
    struct transport transport = http_transport(http);
    response_init(response);
    return transport.exchange(transport.context, request, response, NULL);
}

/* GET of a path below the base. */
static void get(struct bed *bed, struct http *http, const char *path, struct response *response)
{
    char url[512];
    text_format(url, sizeof url, "%s%s", bed->base, path);
    struct request request = {.method = "GET", .url = url};
    assert_int_equal(exchange(http, &request, response), STATUS_OK);
}

static void only_safe_addresses_are_taken(void **state)
{
    static const char *const safe[] = {"https://fhir.example/r4", "HTTPS://h", "https://h:8443/x", "http://127.0.0.1:80/fhir",
                                       "http://localhost/fhir", "http://[::1]:8080/fhir", "http://LOCALHOST:1"};
    static const char *const unsafe[] = {"http://fhir.example/r4", "http://localhost.example/", "http://127.0.0.1.example/",
                                         "http://localhost:80@example.com/", "https://user@example.com/", "http://127.0.0.1@h/",
                                         "ftp://localhost/", "file:///etc/passwd", "localhost/fhir", "", "https://", "https:///x",
                                         "http://[::1"};
    (void)state;
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++) {
        struct http *http = NULL;
        assert_int_equal(http_new(safe[i], "t", NULL, NULL, &http, NULL), STATUS_OK);
        http_free(http);
    }
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
        struct http *http = NULL;
        if (http_new(unsafe[i], "t", NULL, NULL, &http, NULL) != STATUS_INVALID || http != NULL) {
            fail_msg("%s was taken", unsafe[i]);
        }
    }
}

static void origins_are_compared_whole(void **state)
{
    static const struct {
        const char *base, *link;
        bool same;
    } pairs[] = {
        {"https://h/fhir", "https://h/fhir?_getpages=1", true}, {"https://h/fhir", "https://H/other", true},
        {"https://h/fhir", "https://h", true},                  {"https://h/fhir", "http://h/fhir", false},
        {"https://h/fhir", "https://h.evil/fhir", false},       {"https://h/fhir", "https://h:444/fhir", false},
        {"https://h/fhir", "https://h@evil/fhir", false},       {"https://h/fhir", "//h/fhir", false},
        {"https://h/fhir", "/fhir?page=2", false},              {"https://h/fhir", "", false},
        {"https://h/fhir", "https://h\\@evil/", false},         {"https://h:1/fhir", "https://h:1?x", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (url_same_origin(pairs[i].base, pairs[i].link) != pairs[i].same) {
            fail_msg("%s and %s", pairs[i].base, pairs[i].link);
        }
    }
}

static void only_the_missing_tls_of_the_same_host_is_added(void **state)
{
    static const struct {
        const char *base, *link;
        bool lacks;
    } pairs[] = {
        {"https://h/fhir", "http://h/fhir?_getpages=1", true}, {"https://h:8443/fhir", "http://H:8443?x", true},
        {"https://h/fhir", "http://h", true},                  {"https://h/fhir", "https://h/fhir", false},
        {"http://h/fhir", "http://h/fhir", false},             {"http://h/fhir", "https://h/fhir", false},
        {"https://h/fhir", "http://h.evil/fhir", false},       {"https://h/fhir", "http://h:80/fhir", false},
        {"https://h/fhir", "http://g/fhir", false},            {"https://h/fhir", "http://h@evil/fhir", false},
        {"https://h/fhir", "//h/fhir", false},                 {"https://h/fhir", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (url_lacks_tls(pairs[i].base, pairs[i].link) != pairs[i].lacks) {
            fail_msg("%s and %s", pairs[i].base, pairs[i].link);
        }
    }
}

static void a_token_with_a_line_break_is_refused(void **state)
{
    struct http *http = NULL;
    (void)state;
    assert_int_equal(http_new("https://h/", "a\r\nX-Evil: 1", NULL, NULL, &http, NULL), STATUS_INVALID);
    assert_null(http);
}

static int token_bed(void **state)
{
    static const char *const options[] = {"--token", "secret", NULL};
    *state = new_bed("Group/g1", options, 3);
    return 0;
}

static void the_token_goes_to_its_own_server_only(void **state)
{
    struct bed *bed = *state;
    struct bed other = *bed;
    struct response response;
    get(bed, bed->http, "/Patient/p1", &response);
    assert_int_equal(response.status, 200); /* "secret" is the token that the bed's transport carries */
    response_free(&response);
    start_server(&other, NULL);
    struct request request = {.method = "GET", .url = other.base};
    assert_int_equal(exchange(bed->http, &request, &response), STATUS_FAILED);
    response_free(&response);
    assert_int_equal(counted(&other, "requests"), 0);
    /* A redirect is an answer, not a way. */
    char spec[256];
    text_format(spec, sizeof spec, "{\"fault\":\"status\",\"status\":302,\"headers\":{\"Location\":\"%s\"}}", other.base);
    fault(bed, spec);
    get(bed, bed->http, "/Patient/p1", &response);
    assert_int_equal(response.status, 302);
    assert_int_equal(exchange_refusal(&response, NULL), STATUS_FAILED);
    response_free(&response);
    assert_int_equal(counted(&other, "requests"), 0);
    http_free(other.door);
    http_free(other.http);
    stop_program(other.server);
}

static void a_wrong_token_is_said(void **state)
{
    struct bed *bed = *state;
    struct http *http = NULL;
    assert_int_equal(http_new(bed->base, "wrong", NULL, NULL, &http, NULL), STATUS_OK);
    bed->sync.transport = http_transport(http);
    assert_run(bed, STATUS_FAILED);
    assert_non_null(strstr(bed->error.sentence, "401"));
    assert_null(strstr(bed->error.sentence, "wrong"));
    http_free(http);
}

static void bodies_are_compressed_both_ways(void **state)
{
    struct bed *bed = *state;
    struct response response;
    struct buffer body;
    buffer_init(&body, 1u << 20);
    buffer_append_text(&body, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[]");
    for (int i = 0; i < 5000; i++) {
        buffer_append_byte(&body, ' ');
    }
    buffer_append_text(&body, "}");
    struct request request = {.method = "POST", .url = bed->base, .body = body.data, .body_length = body.length, .compress = true};
    assert_int_equal(exchange(bed->http, &request, &response), STATUS_OK);
    assert_int_equal(response.status, 200);
    assert_true(response.bytes_out < 600);
    int64_t received = counted(bed, "bytes_in");
    assert_in_range(received, 50, 200);
    response_free(&response);
    request.compress = false;
    assert_int_equal(exchange(bed->http, &request, &response), STATUS_OK);
    assert_int_equal(counted(bed, "bytes_in") - received, body.length);
    assert_in_range(response.bytes_out, body.length + 100, body.length + 600); /* each byte is counted, and once */
    response_free(&response);
    buffer_free(&body);
    get(bed, bed->http, "/Observation?_count=100", &response);
    assert_true(response.body.length > 3 * response.bytes_in);
    response_free(&response);
}

static void waits_are_read_and_bounded(void **state)
{
    static const struct {
        const char *value;
        int64_t seconds;
    } waits[] = {
        {"0", 0},   {"120", 120}, {"3600", 3600}, {"1000000000", 3600}, {"99999999999999999999999", 3600}, {"-5", 0},
        {"", -1},   {"soon", -1}, {"12 minutes", -1}, {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Fri, 01 Jan 2100 00:00:00 GMT", 3600},
    };
    struct bed *bed = *state;
    struct response response;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        char spec[256];
        text_format(spec, sizeof spec, "{\"fault\":\"status\",\"status\":503,\"headers\":{\"Retry-After\":\"%s\"}}", waits[i].value);
        fault(bed, spec);
        get(bed, bed->http, "/metadata", &response);
        if (response.retry_after != waits[i].seconds) {
            fail_msg("%s became %lld", waits[i].value, (long long)response.retry_after);
        }
        response_free(&response);
    }
    /* A date is measured from the server's own clock, not from ours. */
    char date[64];
    char spec[256];
    time_t later = time(NULL) + 90;
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &parts));
    text_format(spec, sizeof spec, "{\"fault\":\"status\",\"status\":503,\"headers\":{\"Retry-After\":\"%s\"}}", date);
    fault(bed, spec);
    get(bed, bed->http, "/metadata", &response);
    assert_in_range(response.retry_after, 80, 91);
    assert_true(response.server_clock > 0);
    response_free(&response);
}

static void limits_of_requests_are_read(void **state)
{
    static const struct {
        const char *headers;
        int64_t seconds;
    } waits[] = {
        {"\"RateLimit-Remaining\":\"0\",\"RateLimit-Reset\":\"30\"", 30},
        {"\"RateLimit-Remaining\":\"1\",\"RateLimit-Reset\":\"30\"", -1},
        {"\"RateLimit-Remaining\":\"0\"", -1},
        {"\"RateLimit-Reset\":\"30\"", -1},
        {"\"RateLimit-Remaining\":\"0\",\"RateLimit-Reset\":\"86400\"", 3600},
        {"\"X-RateLimit-Remaining\":\"0\",\"X-RateLimit-Reset\":\"45\"", 45},
        {"\"X-RateLimit-Remaining\":\"0\",\"X-RateLimit-Reset\":\"1100000000\"", 0}, /* a time, in 2004 */
        {"\"X-RateLimit-Remaining\":\"0\",\"X-RateLimit-Reset\":\"99999999999999\"", 3600},
        {"\"RateLimit\":\"limit=100, remaining=0, reset=50\"", 50},
        {"\"RateLimit\":\"limit=100, remaining=7, reset=50\"", -1},
        {"\"RateLimit\":\"\\\"requests\\\";r=9;t=10, \\\"fhirInteractions\\\";r=0;t=20\"", 20},
        {"\"RateLimit\":\"\\\"a;r=0;t=9\\\";r=1;t=20\"", -1},
        {"\"RateLimit\":\"default;r=0;t=15\",\"Retry-After\":\"5\"", 15},
        {"\"RateLimit\":\"default;r=0;t=15\",\"Retry-After\":\"25\"", 25},
        {"\"RateLimit\":\"r=0\"", -1},
        {"\"RateLimit\":\"\\\"\"", -1},
    };
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        struct response response;
        char spec[512];
        text_format(spec, sizeof spec, "{\"fault\":\"status\",\"status\":429,\"headers\":{%s}}", waits[i].headers);
        fault(bed, spec);
        get(bed, bed->http, "/metadata", &response);
        if (response.retry_after != waits[i].seconds) {
            fail_msg("%s became %lld", waits[i].headers, (long long)response.retry_after);
        }
        response_free(&response);
    }
}

static void how_an_exchange_ends(void **state)
{
    static const struct {
        const char *fault;
        enum exchange_end end;
    } ends[] = {
        {"\"endless\"", EXCHANGE_TOO_LARGE},   {"\"truncate\"", EXCHANGE_UNKNOWN},
        {"\"drop-request\",\"times\":0", EXCHANGE_UNKNOWN}, {"\"drop-reply\",\"times\":0", EXCHANGE_UNKNOWN},
        {"\"html\"", EXCHANGE_ANSWERED},       {"\"truncate\",\"delimited\":true", EXCHANGE_ANSWERED},
    };
    struct bed *bed = *state;
    struct response response;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        cJSON *document = NULL;
        char spec[128];
        text_format(spec, sizeof spec, "{\"fault\":%s}", ends[i].fault);
        fault(bed, spec);
        get(bed, bed->http, "/Observation?_count=20", &response);
        if (response.end != ends[i].end) {
            fail_msg("%s ended with %d: %s", ends[i].fault, (int)response.end, response.reason);
        }
        assert_true(response.end == EXCHANGE_ANSWERED || response.reason[0] != '\0');
        /* Whether an answer is whole is for the parser to say: libcurl calls a cut gzip body a success. */
        assert_int_equal(exchange_document(&response, &document, NULL), STATUS_UNREACHABLE);
        response_free(&response);
        no_faults(bed);
    }
    stop_program(bed->server);
    bed->server = 0;
    get(bed, bed->http, "/metadata", &response);
    assert_int_equal(response.end, EXCHANGE_NOT_SENT);
    assert_int_equal(response.bytes_out, 0);
    response_free(&response);
}

static void an_answer_has_a_size_limit(void **state)
{
    struct bed *bed = *state;
    struct response response;
    fault(bed, "{\"fault\":\"endless\"}");
    get(bed, bed->http, "/Patient", &response);
    assert_int_equal(response.end, EXCHANGE_TOO_LARGE);
    assert_true(response.body.capacity <= 2 * RESPONSE_LIMIT);
    response_free(&response);
    fault(bed, "{\"fault\":\"endless\"}");
    assert_run(bed, STATUS_UNREACHABLE);
    assert_non_null(strstr(bed->error.sentence, "larger"));
}

/* One answer of any bytes, from a server that says nothing else. */
static uint16_t serve_bytes(const char *bytes, size_t length, pid_t *child)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *child = fork();
    if (*child == 0) {
        char request[4096];
        int connection = accept(listener, NULL, NULL);
        bool sent = read(connection, request, sizeof request) > 0 && write(connection, bytes, length) == (ssize_t)length;
        shutdown(connection, SHUT_WR);
        while (read(connection, request, sizeof request) > 0) {
        }
        _exit(sent ? 0 : 1);
    }
    close(listener);
    return ntohs(address.sin_port);
}

#include <zlib.h>

/* 64 MB of blanks in a few kilobytes. */
static size_t gzip_bomb(char *out, size_t size)
{
    static unsigned char blanks[1 << 20];
    z_stream stream = {0};
    size_t head = (size_t)snprintf(out, size, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
                                              "Content-Encoding: gzip\r\nConnection: close\r\n\r\n");
    memset(blanks, ' ', sizeof blanks);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = (unsigned char *)out + head;
    stream.avail_out = (unsigned int)(size - head);
    for (int i = 0; i < 64; i++) {
        stream.next_in = blanks;
        stream.avail_in = sizeof blanks;
        assert_int_equal(deflate(&stream, i == 63 ? Z_FINISH : Z_NO_FLUSH), i == 63 ? Z_STREAM_END : Z_OK);
    }
    size_t length = head + stream.total_out;
    deflateEnd(&stream);
    return length;
}

static void odd_bytes_end_an_exchange(void **state)
{
    static char bomb[256 * 1024];
    static const char cut_gzip[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/fhir+json\r\n"
                                   "Connection: close\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56";
    static const char no_http[] = "SSH-2.0-OpenSSH_9.2\r\n";
    static const char bad_gzip[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd";
    static const char early[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/fhir+json\r\n\r\n{}";
    const struct {
        const char *bytes;
        size_t length;
        enum status status;
        enum exchange_end end;
    } cases[] = {
        {cut_gzip, sizeof cut_gzip - 1, STATUS_UNREACHABLE, EXCHANGE_ANSWERED},
        {bomb, gzip_bomb(bomb, sizeof bomb), STATUS_UNREACHABLE, EXCHANGE_TOO_LARGE},
        {no_http, sizeof no_http - 1, STATUS_UNREACHABLE, EXCHANGE_UNKNOWN},
        {bad_gzip, sizeof bad_gzip - 1, STATUS_UNREACHABLE, EXCHANGE_UNKNOWN},
        {early, sizeof early - 1, STATUS_OK, EXCHANGE_ANSWERED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http *http = NULL;
        struct response response;
        cJSON *document = NULL;
        char url[64];
        pid_t child = 0;
        text_format(url, sizeof url, "http://127.0.0.1:%d/fhir", serve_bytes(cases[i].bytes, cases[i].length, &child));
        assert_int_equal(http_new(url, "", NULL, NULL, &http, NULL), STATUS_OK);
        struct request request = {.method = "GET", .url = url};
        assert_int_equal(exchange(http, &request, &response), STATUS_OK);
        assert_int_equal(response.end, cases[i].end);
        assert_int_equal(exchange_document(&response, &document, NULL), cases[i].status);
        cJSON_Delete(document);
        response_free(&response);
        http_free(http);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}

static void an_unknown_name_and_a_bad_certificate_file_are_told_apart(void **state)
{
    static const char *const addresses[] = {"https://no-such-host.invalid/fhir", "https://127.0.0.1:9/fhir"};
    char words[3][256];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct http *http = NULL;
        struct response response;
        assert_int_equal(http_new(addresses[i % 2], "", i == 2 ? "/nowhere/ca.pem" : NULL, NULL, &http, NULL), STATUS_OK);
        struct request request = {.method = "GET", .url = addresses[i % 2]};
        assert_int_equal(exchange(http, &request, &response), STATUS_OK);
        assert_int_equal(response.end, EXCHANGE_NOT_SENT);
        text_copy(words[i], sizeof words[i], response.reason);
        response_free(&response);
        http_free(http);
    }
    assert_string_not_equal(words[0], words[1]);
    assert_string_not_equal(words[0], "");
}

/* Memory fails at each allocation of one exchange, libcurl's and zlib's included. */
static void memory_may_fail_at_any_point(void **state)
{
    struct bed *bed = *state;
    const char *body = "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[]}";
    struct request request = {.method = "POST", .url = bed->base, .body = body, .body_length = strlen(body), .compress = true,
                              .if_match = "W/\"1\""};
    int failures = 0;
    bool met = true;
    for (long nth = 1; met; nth++) {
        struct http *http = NULL;
        struct response response;
        struct error error = {0};
        response_init(&response);
        memory_fail_at(nth, 0);
        enum status status = http_new(bed->base, "secret", NULL, NULL, &http, &error);
        if (status == STATUS_OK) {
            struct transport transport = http_transport(http);
            status = transport.exchange(transport.context, &request, &response, &error);
        }
        met = memory_allocation_count() >= nth;
        memory_fail_at(0, 0);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
        assert_true(status == STATUS_NO_MEMORY || response.end != EXCHANGE_ANSWERED || response.status == 200);
        failures += status == STATUS_NO_MEMORY ? 1 : 0;
        response_free(&response);
        http_free(http);
    }
    assert_true(failures > 10);
}

#define bed_test(name) cmocka_unit_test_setup_teardown(name, group_bed, leave_bed)
#define token_test(name) cmocka_unit_test_setup_teardown(name, token_bed, leave_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_safe_addresses_are_taken),
        cmocka_unit_test(origins_are_compared_whole),
        cmocka_unit_test(only_the_missing_tls_of_the_same_host_is_added),
        cmocka_unit_test(a_token_with_a_line_break_is_refused),
        token_test(the_token_goes_to_its_own_server_only),
        token_test(a_wrong_token_is_said),
        bed_test(bodies_are_compressed_both_ways),
        bed_test(waits_are_read_and_bounded),
        bed_test(limits_of_requests_are_read),
        bed_test(how_an_exchange_ends),
        bed_test(an_answer_has_a_size_limit),
        cmocka_unit_test(odd_bytes_end_an_exchange),
        cmocka_unit_test(an_unknown_name_and_a_bad_certificate_file_are_told_apart),
        bed_test(memory_may_fail_at_any_point),
    };
    memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
