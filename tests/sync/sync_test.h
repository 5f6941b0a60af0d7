/*
 * What the tests of sync/ share: an enrolled nurse in a throw-away home, the
 * loopback server as a child process, and a small caseload on it.
 */
#ifndef DOORSTEP_TESTS_SYNC_TEST_H
#define DOORSTEP_TESTS_SYNC_TEST_H

#include "store/draft.h"
#include "store/sign.h"
#include "sync/exchange.h"
#include "sync/sync.h"
#include "tests/store/record_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define ARGUMENTS_AT_MOST 16

struct bed {
    struct fixture fixture;
    pid_t server;
    char base[128];             /* ".../fhir" */
    char control[128];          /* ".../control" */
    char load[PATH_SIZE];       /* the NDJSON the server began with */
    struct http *door;          /* to /control, without a token */
    struct http *http;          /* as the nurse's device */
    struct sync sync;
    struct sync_result result;
    struct error error;
};

/* The folder of the programs: ours is BUILD/tests/sync/test_x. */
static inline void program_path(char *out, size_t size, const char *name)
{
    char own[PATH_SIZE] = "";
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    assert_true(length > 0);
    for (int i = 0; i < 3; i++) {
        *strrchr(own, '/') = '\0';
    }
    assert_true(text_format(out, size, "%s/%s", own, name));
}

/* Starts a program that prints one line when it is ready; the line goes to `line`. */
static inline pid_t start_program(const char *const *arguments, char *line, size_t size)
{
    int ends[2];
    char *list[ARGUMENTS_AT_MOST + 1] = {NULL};
    assert_int_equal(pipe(ends), 0);
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i < ARGUMENTS_AT_MOST);
        list[i] = memory_copy_text(arguments[i]);
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(list[0], list);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    while (length + 1 < size && read(ends[0], line + length, 1) == 1 && line[length] != '\n') {
        length++;
    }
    line[length] = '\0';
    close(ends[0]);
    for (size_t i = 0; list[i] != NULL; i++) {
        memory_free(list[i]);
    }
    return child;
}

static inline void stop_program(pid_t child)
{
    if (child > 0) {
        kill(child, SIGTERM);
        waitpid(child, NULL, 0);
    }
}

/* Asks /control; the answer, when wanted, is owned by the caller. */
static inline void control(struct bed *bed, const char *method, const char *path, const char *body, struct buffer *answer)
{
    struct transport transport = http_transport(bed->door);
    struct response response;
    char url[256];
    text_format(url, sizeof url, "%s%s", bed->control, path);
    struct request request = {.method = method, .url = url, .body = body, .body_length = body == NULL ? 0 : strlen(body)};
    response_init(&response);
    assert_int_equal(transport.exchange(transport.context, &request, &response, NULL), STATUS_OK);
    assert_int_equal(response.end, EXCHANGE_ANSWERED);
    assert_int_equal(response.status, 200);
    if (answer != NULL) {
        buffer_init(answer, RESPONSE_LIMIT);
        buffer_append(answer, response.body.data, response.body.length);
    }
    response_free(&response);
}

static inline void fault(struct bed *bed, const char *spec)
{
    control(bed, "POST", "", spec, NULL);
}

static inline void no_faults(struct bed *bed)
{
    control(bed, "DELETE", "", NULL, NULL);
}

/* A number of GET /control ("requests", "methods.POST"). */
static inline int64_t counted(struct bed *bed, const char *path)
{
    struct buffer answer;
    cJSON *tree = NULL;
    int64_t number = -1;
    control(bed, "GET", "", NULL, &answer);
    assert_int_equal(json_parse(buffer_text(&answer), answer.length, &tree, NULL), STATUS_OK);
    const char *dot = strrchr(path, '.');
    char parent[64] = "";
    if (dot != NULL) {
        text_format(parent, sizeof parent, "%.*s", (int)(dot - path), path);
    }
    assert_true(json_integer(dot == NULL ? tree : json_at(tree, parent), dot == NULL ? path : dot + 1, &number));
    cJSON_Delete(tree);
    buffer_free(&answer);
    return number;
}

/* How often the server's log (its last 200 requests) holds `text`. */
static inline int logged(struct bed *bed, const char *text)
{
    struct buffer answer;
    cJSON *tree = NULL;
    const cJSON *line = NULL;
    int count = 0;
    control(bed, "GET", "", NULL, &answer);
    assert_int_equal(json_parse(buffer_text(&answer), answer.length, &tree, NULL), STATUS_OK);
    cJSON_ArrayForEach(line, json_array(tree, "log")) {
        count += strstr(json_value_text(line), text) != NULL ? 1 : 0;
    }
    cJSON_Delete(tree);
    buffer_free(&answer);
    return count;
}

/* How many resources of a type the server holds; with `text`, only those that hold it. */
static inline int held(struct bed *bed, const char *type, const char *text)
{
    struct buffer answer;
    char path[128];
    int count = 0;
    text_format(path, sizeof path, type[0] == '\0' ? "/resources%s" : "/resources?type=%s", type);
    control(bed, "GET", path, NULL, &answer);
    for (char *line = answer.data, *end = NULL; line != NULL && *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        count += text == NULL || strstr(line, text) != NULL ? 1 : 0;
    }
    buffer_free(&answer);
    return count;
}

/* Someone else's change at the server: PUT of a whole resource. */
static inline void put_resource(struct bed *bed, const char *target, const char *json)
{
    struct transport transport = http_transport(bed->http);
    struct response response;
    char url[256];
    text_format(url, sizeof url, "%s/%s", bed->base, target);
    struct request request = {.method = "PUT", .url = url, .body = json, .body_length = strlen(json)};
    response_init(&response);
    assert_int_equal(transport.exchange(transport.context, &request, &response, NULL), STATUS_OK);
    assert_true(response.status == 200 || response.status == 201);
    response_free(&response);
}

/* Someone else's deletion at the server. */
static inline void delete_resource(struct bed *bed, const char *target)
{
    struct transport transport = http_transport(bed->http);
    struct response response;
    char url[256];
    text_format(url, sizeof url, "%s/%s", bed->base, target);
    struct request request = {.method = "DELETE", .url = url};
    response_init(&response);
    assert_int_equal(transport.exchange(transport.context, &request, &response, NULL), STATUS_OK);
    assert_int_equal(response.status, 200);
    response_free(&response);
}

/* --- the small caseload ---------------------------------------------------------------------------- */

static inline void append_chart(struct buffer *out, int number, int observations)
{
    char day[40];
    instant now = clock_now(&(struct clock){.now = clock_system().now});
    buffer_format(out, "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"name\":[{\"family\":\"Kim\",\"given\":[\"Number %d\"]}],"
                       "\"gender\":\"female\",\"birthDate\":\"1938-04-02\"}\n", number, number);
    buffer_format(out, "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"al%d\",\"clinicalStatus\":{\"coding\":[{\"system\":"
                       "\"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\",\"code\":\"active\"}]},"
                       "\"code\":{\"text\":\"Penicillin\"},\"patient\":{\"reference\":\"Patient/p%d\"},"
                       "\"recorder\":{\"reference\":\"Practitioner/n2\"}}\n", number, number);
    buffer_format(out, "{\"resourceType\":\"Task\",\"id\":\"t%d\",\"status\":\"requested\",\"intent\":\"plan\",\"description\":"
                       "\"Weigh\",\"for\":{\"reference\":\"Patient/p%d\"}}\n", number, number);
    for (int i = 0; i < observations; i++) {
        instant_format_fhir(day, sizeof day, now - i * INSTANT_HOUR);
        buffer_format(out, "{\"resourceType\":\"Observation\",\"id\":\"o%d-%d\",\"status\":\"final\",\"code\":{\"coding\":[{"
                           "\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},\"subject\":{\"reference\":\"Patient/p%d\"},"
                           "\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":61.20,\"unit\":\"kg\","
                           "\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}}\n", number, i, number, day);
    }
}

/* An appointment of nurse n1 some days from now. */
static inline void append_appointment(struct buffer *out, const char *id, int patient, int days)
{
    char start[40];
    char end[40];
    instant day = instant_add_days(instant_day_start(clock_now(&(struct clock){.now = clock_system().now})), days);
    instant_format_fhir(start, sizeof start, day + 10 * INSTANT_HOUR);
    instant_format_fhir(end, sizeof end, day + 11 * INSTANT_HOUR);
    buffer_format(out, "{\"resourceType\":\"Appointment\",\"id\":\"%s\",\"status\":\"booked\",\"start\":\"%s\",\"end\":\"%s\","
                       "\"participant\":[{\"actor\":{\"reference\":\"Patient/p%d\"},\"status\":\"accepted\"},"
                       "{\"actor\":{\"reference\":\"Practitioner/n1\"},\"status\":\"accepted\"}]}\n", id, start, end, patient);
}

#define PATIENTS 8

/* Eight patients of nurse n1 and one, p9, of nobody; p7 and p3 have a visit today, p5 next week. */
static inline void write_caseload(const char *path, int observations)
{
    struct buffer out;
    buffer_init(&out, 64u * 1024 * 1024);
    buffer_append_text(&out, "{\"resourceType\":\"Practitioner\",\"id\":\"n1\",\"name\":[{\"text\":\"Nurse Lee\"}]}\n"
                             "{\"resourceType\":\"Practitioner\",\"id\":\"n2\",\"name\":[{\"text\":\"Doctor Park\"}]}\n");
    for (int i = 1; i <= PATIENTS + 1; i++) {
        append_chart(&out, i, observations);
    }
    append_appointment(&out, "a7", 7, 0);
    append_appointment(&out, "a3", 3, 0);
    append_appointment(&out, "a5", 5, 6);
    append_appointment(&out, "a9", 9, 40);
    buffer_append_text(&out, "{\"resourceType\":\"Group\",\"id\":\"g1\",\"type\":\"person\",\"actual\":true,\"member\":[");
    for (int i = 1; i <= PATIENTS; i++) {
        buffer_format(&out, "%s{\"entity\":{\"reference\":\"Patient/p%d\"}}", i > 1 ? "," : "", i);
    }
    buffer_append_text(&out, "]}\n{\"resourceType\":\"List\",\"id\":\"l1\",\"status\":\"current\",\"mode\":\"working\",\"entry\":["
                             "{\"item\":{\"reference\":\"Patient/p1\"}},{\"item\":{\"reference\":\"Patient/p2\"}},"
                             "{\"deleted\":true,\"item\":{\"reference\":\"Patient/p3\"}}]}\n");
    assert_int_equal(out.status, STATUS_OK);
    test_file_write(path, out.data, out.length);
    buffer_free(&out);
}

/* A practice caseload, as the demonstration has. */
static inline void write_practice(const char *path, const char *patients)
{
    char program[PATH_SIZE];
    program_path(program, sizeof program, "practice");
    pid_t child = fork();
    if (child == 0) {
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(file, STDOUT_FILENO);
        execl(program, program, "--patients", patients, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* --- the bed ----------------------------------------------------------------------------------------- */

static inline int64_t system_clock_now(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void enrol(struct bed *bed, const char *caseload)
{
    struct store *store = bed->fixture.store;
    assert_int_equal(store_setting_set(store, SETTING_USER, "nurse", NULL), STATUS_OK);
    assert_int_equal(store_setting_set(store, SETTING_SERVER, bed->base, NULL), STATUS_OK);
    assert_int_equal(store_setting_set(store, SETTING_PRACTITIONER, "n1", NULL), STATUS_OK);
    assert_int_equal(store_setting_set(store, SETTING_CASELOAD, caseload, NULL), STATUS_OK);
}

/* Opens the record and takes it into bed->sync. */
static inline void open_bed(struct bed *bed)
{
    struct fixture *fixture = &bed->fixture;
    if (fixture->store == NULL) {
        assert_int_equal(store_open(&fixture->paths, fixture->vault, &fixture->options, &fixture->store, &fixture->error), STATUS_OK);
    }
    bed->sync.store = fixture->store;
}

/* The empty record that every home of this program begins as: deriving its key takes longer than most tests. */
static inline struct fixture **template_slot(void)
{
    static struct fixture *template;
    return &template;
}

static inline void remove_template(void)
{
    void *state = *template_slot();
    *template_slot() = NULL;
    remove_home(&state);
}

static inline struct fixture *template_home(void)
{
    if (*template_slot() == NULL) {
        void *state = NULL;
        open_record(&state);
        *template_slot() = state;
        store_close((*template_slot())->store);
        (*template_slot())->store = NULL;
        atexit(remove_template);
    }
    return *template_slot();
}

/* A home with an empty record and the real time in it. */
static inline struct bed *new_home(void)
{
    const struct fixture *template = template_home();
    struct bed *bed = memory_allocate(sizeof *bed);
    struct fixture *fixture = &bed->fixture;
    assert_non_null(bed);
    fixture->folder = test_folder_make();
    assert_int_equal(paths_find(&fixture->paths, "nurse", fixture->folder, NULL, NULL), STATUS_OK);
    assert_int_equal(file_make_private_folder(fixture->paths.folder, NULL), STATUS_OK);
    copy_file(template->paths.record, fixture->paths.record);
    fixture->vault = template->vault;
    fixture->options.randomness = randomness_system();
    fixture->options.clock = clock_system();
    bed->sync = (struct sync){.clock = fixture->options.clock, .randomness = fixture->options.randomness};
    open_bed(bed);
    return bed;
}

/* Starts the server on the file bed->load; `options` (may be NULL) come before the file. */
static inline void start_server(struct bed *bed, const char *const *options)
{
    char program[PATH_SIZE];
    char line[256] = "";
    const char *arguments[ARGUMENTS_AT_MOST] = {program, "--quiet", "--loaded-ago", "3600"};
    size_t count = 4;
    program_path(program, sizeof program, "loopback");
    for (size_t i = 0; options != NULL && options[i] != NULL; i++) {
        arguments[count++] = options[i];
    }
    arguments[count++] = "--load";
    arguments[count++] = bed->load;
    bed->server = start_program(arguments, line, sizeof line);
    assert_true(text_starts_with(line, "listening on http://"));
    text_copy(bed->base, sizeof bed->base, line + strlen("listening on "));
    text_format(bed->control, sizeof bed->control, "%.*s/control", (int)(strlen(bed->base) - strlen("/fhir")), bed->base);
    assert_int_equal(http_new(bed->control, "", NULL, NULL, &bed->door, NULL), STATUS_OK);
    assert_int_equal(http_new(bed->base, "secret", NULL, NULL, &bed->http, NULL), STATUS_OK);
    bed->sync.transport = http_transport(bed->http);
    bed->sync.server = bed->base;
}

static inline void free_bed(struct bed *bed)
{
    memory_fail_at(0, 0);
    http_free(bed->http);
    http_free(bed->door);
    stop_program(bed->server);
    store_close(bed->fixture.store);
    test_folder_remove(bed->fixture.folder);
    memory_free(bed);
}

static inline struct bed *new_bed(const char *caseload, const char *const *options, int observations)
{
    struct bed *bed = new_home();
    assert_int_equal(file_join(bed->load, sizeof bed->load, bed->fixture.folder, "load.ndjson", NULL), STATUS_OK);
    write_caseload(bed->load, observations);
    start_server(bed, options);
    enrol(bed, caseload);
    return bed;
}

static inline int group_bed(void **state)
{
    *state = new_bed("Group/g1", NULL, 3);
    return 0;
}

static inline int leave_bed(void **state)
{
    free_bed(*state);
    return 0;
}

static inline enum status run(struct bed *bed)
{
    error_clear(&bed->error);
    return sync_run(&bed->sync, &bed->result, &bed->error);
}

/* A run that must end so; otherwise its reason is shown. */
#define assert_run(bed, wanted) \
    do { \
        enum status got_ = run(bed); \
        if (got_ != (wanted)) { \
            fail_msg("sync ended with %d instead of %d: %s", (int)got_, (int)(wanted), (bed)->error.sentence); \
        } \
    } while (0)

static inline int64_t number(struct bed *bed, const char *sql)
{
    return number_of(&bed->fixture, sql);
}

#define OUTBOX_COUNT "SELECT count(*) FROM outbox"
#define COMPLETE_COUNT "SELECT count(*) FROM chart_state WHERE complete = 1"
#define RESOURCE_COUNT "SELECT count(*) FROM resource"

/* --- a visit ------------------------------------------------------------------------------------------ */

struct field {
    const char *name, *value;
};

static const struct field whole_visit[] = {
    {"identity", "name, birth date"}, {"vitals.bp", "142/88"}, {"vitals.pulse", "91"}, {"vitals.rr", "18"},
    {"vitals.spo2", "96"}, {"vitals.oxygen", "air"}, {"vitals.consciousness", "A"}, {"vitals.temp", "36.9"},
    {"vitals.weight", "61.2"}, {"note.template", "soap"},
    {"note.s", "Slept well, a little short of breath on the stairs. Ankles tight in the evening."},
    {"note.o", "Ankle oedema both sides, one centimetre. Lungs clear. Took all morning medicines."},
    {"note.a", "Heart failure, stable; weight up by less than a kilogram since Thursday."},
    {"note.p", "Weigh every morning, call when more than two kilograms in three days. Next visit Thursday."},
    {"consent.0.purpose", "share-record"}, {"consent.0.decision", "permit"}, {"consent.0.by", "patient"},
    {"consent.0.method", "verbal-witnessed"}, {NULL, NULL},
};
static const struct field small_visit[] = {
    {"identity", "name, birth date"}, {"vitals.pulse", "91"}, {"note.s", "Feels well."}, {NULL, NULL},
};

/* Records and signs a visit for an appointment ("" for none) with these fields, and with the patient's task done when
 * `task` names it. */
static inline size_t sign_planned(struct bed *bed, const char *patient, const char *appointment, const struct field *fields,
                                  const char *task, char visit[UUID_SIZE])
{
    struct store *store = bed->fixture.store;
    struct error error = {0};
    struct randomness randomness = randomness_system();
    char practitioner[ID_SIZE];
    size_t queued = 0;
    assert_int_equal(store_setting_get(store, SETTING_PRACTITIONER, practitioner, sizeof practitioner, NULL), STATUS_OK);
    assert_int_equal(draft_start(store, patient, appointment, visit, &error), STATUS_OK);
    for (; fields->name != NULL; fields++) {
        assert_int_equal(draft_put(store, visit, fields->name, fields->value, &error), STATUS_OK);
    }
    if (task != NULL) {
        assert_int_equal(draft_put(store, visit, "task.0.id", task, &error), STATUS_OK);
        assert_int_equal(draft_put(store, visit, "task.0.status", "completed", &error), STATUS_OK);
    }
    struct signer signer = {.practitioner = practitioner, .practitioner_name = "Nurse Lee", .organization = "Home Care",
                            .consent_policy = "", .language = "en", .randomness = &randomness,
                            .now = system_clock_now(NULL)};
    if (record_sign_visit(store, visit, &signer, &queued, &error) != STATUS_OK) {
        fail_msg("signing: %s", error.sentence);
    }
    return queued;
}

static inline size_t sign_visit(struct bed *bed, const char *patient, const struct field *fields, const char *task,
                                char visit[UUID_SIZE])
{
    return sign_planned(bed, patient, "", fields, task, visit);
}

/* All that this device ever made is at the server, each once. Its own UUID is in nothing else of its type. */
static inline void assert_once_at_server(struct bed *bed, const char *visit)
{
    sqlite3_stmt *statement = NULL;
    int count = 0;
    assert_int_equal(held(bed, "Encounter", visit), 1);
    assert_int_equal(sqlite3_prepare_v2(bed->fixture.store->connection, "SELECT type, uuid FROM identity", -1, &statement, NULL),
                     SQLITE_OK);
    for (; sqlite3_step(statement) == SQLITE_ROW; count++) {
        char type[RESOURCE_TYPE_SIZE];
        char uuid[UUID_SIZE];
        column_text(statement, 0, type, sizeof type);
        column_text(statement, 1, uuid, sizeof uuid);
        if (held(bed, type, uuid) != 1) {
            sqlite3_finalize(statement);
            fail_msg("the server holds %s %s %d times", type, uuid, held(bed, type, uuid));
        }
    }
    sqlite3_finalize(statement);
    assert_true(count >= 4);
}

#endif
