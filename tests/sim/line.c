/*
 * The link between a device and the model server: one request at a time, and
 * what may become of it. What is lost, cut or late leaves the nurse's side
 * with an UNKNOWN outcome; what arrives late arrives when the clock says so,
 * in whatever order that is.
 */
#include "tests/sim/sim.h"

#define EXCHANGES_AT_MOST 2000 /* of one sync: more is without end */

static char *copy(const char *text)
{
    char *out = memory_copy_text(text);
    assert_true(text == NULL || out != NULL);
    return out;
}

void line_postpone(struct world *world, const struct model_request *request, instant due)
{
    void *grown = memory_grow(world->deliveries, world->delivery_count, &world->delivery_capacity, sizeof *world->deliveries);
    assert_non_null(grown);
    world->deliveries = grown;
    world->deliveries[world->delivery_count++] = (struct delivery){
        .due = due, .method = copy(request->method), .url = copy(request->url), .body = copy(request->body),
        .author = request->author, .begun = request->begun};
}

/* A transaction may have begun a while before its rows are seen. One with an update cannot: another's write to the same
 * row in between would have refused it. */
static instant begun_at(struct world *world, const struct model_request *request)
{
    if (world->allowed[TROUBLE_LATE_ROWS] && !world->healed && request->body != NULL &&
        strstr(request->body, "\"PUT\"") == NULL && chance(world, 20)) {
        strike(world, TROUBLE_LATE_ROWS);
        return world->now - (instant)draw(world, 300) * INSTANT_SECOND;
    }
    return world->now;
}

static void carry_out(struct nurse *nurse, const struct request *request, struct model_answer *answer)
{
    struct model_request asked = {.method = request->method, .url = request->url, .body = request->body,
                                  .length = request->body_length, .if_none_exist = request->if_none_exist,
                                  .if_match = request->if_match, .author = nurse->number};
    asked.begun = begun_at(nurse->world, &asked);
    model_handle(nurse->world->model, &asked, answer);
}

/* A complete answer. */
static void reply(const struct world *world, struct response *response, long status, const char *content_type, const char *body)
{
    response->end = EXCHANGE_ANSWERED;
    response->status = status;
    response->server_clock = world->now / INSTANT_SECOND * INSTANT_SECOND; /* as a Date header says it */
    text_copy(response->content_type, sizeof response->content_type, content_type);
    buffer_append_text(&response->body, body);
    response->bytes_in = response->body.length;
}
#define FHIR_JSON "application/fhir+json;charset=UTF-8"
#define OUTCOME \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"processing\",\"diagnostics\":\"simulated\"}]}"

static void no_answer(struct response *response, enum exchange_end end)
{
    response->end = end;
    text_copy(response->reason, sizeof response->reason, "the simulated line failed");
}

static void take(const struct world *world, const struct model_answer *answer, struct response *response)
{
    reply(world, response, answer->status, FHIR_JSON, buffer_text(&answer->body));
    text_copy(response->etag, sizeof response->etag, answer->etag);
    text_copy(response->location, sizeof response->location, answer->location);
}

static bool is_write(const struct request *request)
{
    return strcmp(request->method, "GET") != 0 && !request->asks;
}

static bool fits(const struct request *request, enum trouble trouble)
{
    switch ((int)trouble) {
    case TROUBLE_LATE:
    case TROUBLE_REPEATED:
        return is_write(request);
    case TROUBLE_LOST_PAGE:
        return strstr(request->url, "_getpages=") != NULL;
    default:
        return true;
    }
}

static void note_search(struct world *world, const struct request *request)
{
    char asked[sizeof world->asked];
    const char *size = strstr(request->url, "&_count=");
    world->asked_first = !request->asks && strstr(request->url, "_sort=") != NULL;
    if (!world->asked_first) {
        return;
    }
    text_format(asked, sizeof asked, "%.*s", (int)(size == NULL ? (int)strlen(request->url) : size - request->url), request->url);
    world->asked_again = strcmp(asked, world->asked) == 0;
    world->left_out = world->asked_again ? world->left_out : 0;
    text_copy(world->asked, sizeof world->asked, asked);
}

static enum trouble choose(struct nurse *nurse, const struct request *request)
{
    struct world *world = nurse->world;
    if (nurse->dead_from > 0 && nurse->exchanges >= nurse->dead_from) {
        return TROUBLE_NOT_SENT;
    }
    if (nurse->refused_logins > 0) {
        nurse->refused_logins--;
        return TROUBLE_EXPIRED;
    }
    note_search(world, request);
    /* Who left something out may leave out more when he is asked again; or the line breaks just then. */
    if (!world->healed && world->left_out > 0 && world->asked_first && world->asked_again && chance(world, 40)) {
        return TROUBLE_LOST_REQUEST;
    }
    uint32_t lies = world->left_out > 0 && world->asked_again ? 50 : world->lies && world->left_out == 0 ? 30 : 0;
    if (!world->healed && (world->asked_first || fits(request, TROUBLE_LOST_PAGE)) && chance(world, lies)) {
        return TROUBLE_ODD_ANSWER;
    }
    /* What is written is rare among all that is read, and matters more. */
    uint32_t percent = is_write(request) && world->trouble_percent > 0 ? 40 + world->trouble_percent : world->trouble_percent;
    if (world->healed || !chance(world, percent)) {
        return TROUBLE_NONE;
    }
    static const enum trouble after_writes[] = {TROUBLE_LOST_REPLY, TROUBLE_LATE, TROUBLE_REPEATED, TROUBLE_CUT, TROUBLE_GATEWAY,
                                                TROUBLE_ODD_ANSWER};
    enum trouble trouble = TROUBLE_NONE;
    for (int tries = 0; tries < 4 && (!world->allowed[trouble] || !fits(request, trouble)); tries++) {
        trouble = is_write(request) && chance(world, 60)
                      ? after_writes[draw(world, sizeof after_writes / sizeof after_writes[0])]
                  : fits(request, TROUBLE_LOST_PAGE) && chance(world, 40)
                      ? TROUBLE_LOST_PAGE
                      : (enum trouble)(1 + draw(world, TROUBLE_LINE_COUNT - 1));
    }
    return world->allowed[trouble] && fits(request, trouble) ? trouble : TROUBLE_NONE;
}

static long refusal(struct world *world, bool write)
{
    static const long codes[] = {400, 403, 404, 408, 413, 422, 409, 412};
    return codes[draw(world, (uint32_t)(sizeof codes / sizeof codes[0]) - (write ? 0 : 2))];
}

/* The line broke before the answer, within it, or it was more than may come at once. */
static void lose_reply(struct world *world, const struct request *request, struct response *response)
{
    bool begun = chance(world, 50);
    no_answer(response, !is_write(request) && chance(world, 20) ? EXCHANGE_TOO_LARGE : EXCHANGE_UNKNOWN);
    response->bytes_in = begun ? 700 : 0;
}

/* Troubles that keep the request from the server. True when that is what this one does. */
static bool fail_before(struct nurse *nurse, enum trouble trouble, const struct request *request, struct response *response)
{
    struct world *world = nurse->world;
    static const long fives[] = {500, 502, 503, 504};
    switch ((int)trouble) {
    case TROUBLE_NOT_SENT:
        no_answer(response, EXCHANGE_NOT_SENT);
        return true;
    case TROUBLE_LOST_REQUEST:
    case TROUBLE_LATE:
        no_answer(response, EXCHANGE_UNKNOWN);
        response->sent_in_part = trouble == TROUBLE_LOST_REQUEST && chance(world, 50);
        return true;
    case TROUBLE_REFUSED:
        reply(world, response, refusal(world, is_write(request)), FHIR_JSON, OUTCOME);
        return true;
    case TROUBLE_BUSY:
        reply(world, response, chance(world, 50) ? 429 : 503, FHIR_JSON, OUTCOME);
        response->retry_after = (int64_t)draw(world, 120);
        return true;
    case TROUBLE_BROKEN:
        reply(world, response, fives[draw(world, 4)], FHIR_JSON, OUTCOME);
        return true;
    case TROUBLE_EXPIRED:
        reply(world, response, 401, FHIR_JSON, OUTCOME);
        return true;
    case TROUBLE_PORTAL:
        reply(world, response, 200, "text/html", "<html><body>Welcome to the station. Sign in.</body></html>");
        return true;
    case TROUBLE_LOST_PAGE:
        reply(world, response, 410, FHIR_JSON, OUTCOME);
        return true;
    default:
        return false;
    }
}

/* What becomes of the answer to a request that was carried out. */
static void fail_after(struct nurse *nurse, enum trouble trouble, const struct request *request,
                       const struct model_answer *answer, struct response *response)
{
    struct world *world = nurse->world;
    static const long gateways[] = {408, 502, 504};
    switch ((int)trouble) {
    case TROUBLE_LOST_REPLY:
        lose_reply(world, request, response);
        return;
    case TROUBLE_GATEWAY:
        reply(world, response, gateways[draw(world, 3)], FHIR_JSON, OUTCOME);
        return;
    default:
        break;
    }
    take(world, answer, response);
    if (trouble == TROUBLE_CUT) {
        response->body.length /= 2;
        response->body.data[response->body.length] = '\0';
    } else if (trouble == TROUBLE_ODD_ANSWER && answer->status == 200) {
        answer_disturb(world, &response->body, request->body != NULL);
    }
}

/* What else happens while a request is under way. */
static void meanwhile(struct nurse *nurse, enum trouble trouble, const struct request *request)
{
    struct world *world = nurse->world;
    world->now += world->latency;
    if (trouble == TROUBLE_SLOW) {
        world->now += (instant)(30 + draw(world, 600)) * INSTANT_SECOND;
    } else if (trouble == TROUBLE_EXPIRED && nurse->refused_logins == 0 && chance(world, 50)) {
        nurse->refused_logins = (int)draw(world, 4);
    } else if (trouble == TROUBLE_STOPPED) {
        atomic_store(&nurse->stop, true);
    }
    world_deliver(world);
    if (world->office_meanwhile && !world->healed && chance(world, 4)) {
        office_act(world);
    }
    /* What is changed was asked for a moment ago: the versions matter now. */
    if (!world->no_conditions && !world->healed && is_write(request) && strstr(request->body, "\"PUT\"") != NULL &&
        chance(world, 40)) {
        office_act_on_tasks(world);
    }
}

/* Whether an answer refuses anything. */
static bool refuses(const struct response *response)
{
    return response->end == EXCHANGE_ANSWERED &&
           (response->status >= 300 || strstr(buffer_text(&response->body), "\"status\":\"4") != NULL);
}

/* Carries one request over the line. */
static void carry(struct nurse *nurse, const struct request *request, struct response *response)
{
    struct world *world = nurse->world;
    struct model_answer answer = {.status = 0};
    world->tally.requests++;
    world->tally.writes += is_write(request) ? 1 : 0;
    response->bytes_out = strlen(request->url) + request->body_length;
    enum trouble trouble = choose(nurse, request);
    meanwhile(nurse, trouble, request);
    if (!fail_before(nurse, trouble, request, response)) {
        carry_out(nurse, request, &answer);
        if (world->any_order && is_write(request) && answer.status == 200) {
            answer_shuffle(world, &answer.body);
        }
        fail_after(nurse, trouble, request, &answer, response);
        model_answer_free(&answer);
    }
    nurse->said_no = nurse->said_no || (is_write(request) && refuses(response));
    if (trouble == TROUBLE_LATE || trouble == TROUBLE_REPEATED) {
        struct model_request again = {.method = request->method, .url = request->url, .body = request->body,
                                      .author = nurse->number, .begun = INSTANT_NONE};
        line_postpone(world, &again, world->now + (instant)(1 + draw(world, chance(world, 50) ? 60 : 7200)) * INSTANT_SECOND);
    }
    if (trouble != TROUBLE_NONE) {
        strike(world, trouble);
    }
    trace(world, "%s   %s %s -> %s%ld%s%s", nurse->name, request->method, request->url + strlen(MODEL_BASE),
          response->end == EXCHANGE_ANSWERED ? "" : "no answer ", response->status, trouble != TROUBLE_NONE ? ", " : "",
          trouble != TROUBLE_NONE ? trouble_name(trouble) : "");
}

/* What was sent ahead and nobody wanted. */
static void give_up_ahead(struct nurse *nurse, struct spent *spent)
{
    if (nurse->ahead_url != NULL) {
        spent->requests++;
        spent->bytes_in += nurse->ahead.bytes_in;
        response_free(&nurse->ahead);
        memory_free(nurse->ahead_url);
        nurse->ahead_url = NULL;
    }
}

/* The server answers at once; the answer is used when it is asked for, with what has changed meanwhile. */
static void send_ahead(void *context, const struct request *request, struct spent *spent)
{
    struct nurse *nurse = context;
    give_up_ahead(nurse, &nurse->spent);
    *spent = nurse->spent;
    nurse->spent = (struct spent){.requests = 0};
    if (request != NULL && !nurse_is_dead() && nurse->exchanges < EXCHANGES_AT_MOST && !atomic_load(&nurse->stop)) {
        nurse->ahead_url = copy(request->url);
        nurse->exchanges++;
        response_init(&nurse->ahead);
        carry(nurse, request, &nurse->ahead);
    }
}

static enum status exchange(void *context, const struct request *request, struct response *response, struct error *error)
{
    struct nurse *nurse = context;
    struct world *world = nurse->world;
    (void)error;
    if (nurse_is_dead()) {
        no_answer(response, EXCHANGE_NOT_SENT);
        return STATUS_OK;
    }
    if (nurse->ahead_url != NULL && strcmp(nurse->ahead_url, request->url) == 0 && strcmp(request->method, "GET") == 0) {
        response_free(response);
        *response = nurse->ahead;
        memory_free(nurse->ahead_url);
        nurse->ahead_url = NULL;
        return STATUS_OK;
    }
    give_up_ahead(nurse, &nurse->spent);
    if (++nurse->exchanges > EXCHANGES_AT_MOST) {
        if (nurse->exchanges == EXCHANGES_AT_MOST + 1) {
            complain(world, LAW_ENDS, "%s: a sync of more than %d requests", nurse->name, EXCHANGES_AT_MOST);
        }
        atomic_store(&nurse->stop, true);
        no_answer(response, EXCHANGE_CANCELLED);
        return STATUS_OK;
    }
    carry(nurse, request, response);
    return STATUS_OK;
}

struct transport line_transport(struct nurse *nurse)
{
    return (struct transport){.exchange = exchange, .context = nurse, .ahead = send_ahead};
}
