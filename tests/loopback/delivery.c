/* See delivery.h. */
#include "delivery.h"

#include <string.h>

#define BLOCK_SIZE 16384
#define TRICKLE_STEP 50 /* ms between the drops of a slow answer */

struct delivery {
    struct waiting *waiting;
    struct MHD_Connection *connection;
    const struct fault *fault;
    char *data;
    size_t length;
    int64_t start; /* monotonic, ms */
    int64_t *bytes_out;
};

void waiting_sleep(struct waiting *waiting, struct MHD_Connection *connection, int64_t milliseconds)
{
    struct sleeper sleeper = {connection, clock_monotonic(&waiting->clock) + milliseconds};

    waiting->sleepers = need_room(waiting->sleepers, waiting->count, &waiting->capacity, sizeof sleeper);
    waiting->sleepers[waiting->count++] = sleeper;
    MHD_suspend_connection(connection);
}

void waiting_wake(struct waiting *waiting)
{
    int64_t now = clock_monotonic(&waiting->clock);

    for (size_t i = waiting->count; i-- > 0;) {
        if (waiting->stopping || waiting->sleepers[i].until <= now) {
            MHD_resume_connection(waiting->sleepers[i].connection);
            waiting->sleepers[i] = waiting->sleepers[--waiting->count];
        }
    }
}

int64_t waiting_next(const struct waiting *waiting)
{
    int64_t now = clock_monotonic(&waiting->clock);
    int64_t next = -1;

    for (size_t i = 0; i < waiting->count; i++) {
        int64_t left = waiting->sleepers[i].until > now ? waiting->sleepers[i].until - now : 0;
        next = next < 0 || left < next ? left : next;
    }
    return next;
}

void waiting_free(struct waiting *waiting)
{
    memory_free(waiting->sleepers);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ssize_t send_endless(char *out, size_t room)
{
    static const char entry[] = "{\"resource\":{\"resourceType\":\"Basic\",\"code\":{\"text\":\"and so on\"}}},";
    size_t used = 0;

    while (room - used >= sizeof entry - 1) { /* MHD gives BLOCK_SIZE of room */
        memcpy(out + used, entry, sizeof entry - 1);
        used += sizeof entry - 1;
    }
    return used > 0 ? (ssize_t)used : MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t send_slowly(struct delivery *delivery, size_t position, char *out, size_t room)
{
    int64_t rate = fault_number(delivery->fault, "bytes_per_second", 100);
    int64_t passed = clock_monotonic(&delivery->waiting->clock) - delivery->start;
    size_t allowed = smaller((size_t)(rate * passed / 1000), delivery->length);

    if (delivery->waiting->stopping) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (allowed <= position) {
        waiting_sleep(delivery->waiting, delivery->connection, TRICKLE_STEP);
        return 0;
    }
    room = smaller(room, allowed - position);
    memcpy(out, delivery->data + position, room);
    return (ssize_t)room;
}

static ssize_t send_half(const struct delivery *delivery, size_t position, char *out, size_t room)
{
    size_t half = delivery->length / 2;
    bool delimited = cJSON_IsTrue(json_member(delivery->fault->spec, "delimited"));

    if (position >= half) {
        return delimited ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    room = smaller(room, half - position);
    memcpy(out, delivery->data + position, room);
    return (ssize_t)room;
}

static ssize_t read_block(void *context, uint64_t position, char *out, size_t room)
{
    struct delivery *delivery = context;
    ssize_t sent = 0;

    if (delivery->fault->kind == FAULT_ENDLESS) {
        if (delivery->waiting->stopping) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        if (position == 0) { /* the Bundle's head comes first */
            room = smaller(room, delivery->length);
            memcpy(out, delivery->data, room);
            sent = (ssize_t)room;
        } else {
            sent = send_endless(out, room);
        }
    } else {
        sent = delivery->fault->kind == FAULT_SLOW ? send_slowly(delivery, (size_t)position, out, room)
                                                   : send_half(delivery, (size_t)position, out, room);
    }
    *delivery->bytes_out += sent > 0 ? sent : 0;
    return sent;
}

static void delivery_free(void *context)
{
    struct delivery *delivery = context;

    memory_free(delivery->data);
    memory_free(delivery);
}

struct MHD_Response *delivery_response(struct waiting *waiting, struct MHD_Connection *connection,
                                       struct buffer *body, const struct fault *fault, int64_t *bytes_out)
{
    struct delivery *delivery = NULL;
    size_t length = body->length;
    bool delimited = fault != NULL && cJSON_IsTrue(json_member(fault->spec, "delimited"));
    char *data = NULL;
    struct MHD_Response *response = NULL;

    buffer_append_text(body, ""); /* an empty body has a text too */
    data = need(buffer_take(body));
    if (fault == NULL ||
        (fault->kind != FAULT_ENDLESS && fault->kind != FAULT_SLOW && fault->kind != FAULT_TRUNCATE)) {
        *bytes_out += (int64_t)length;
        return MHD_create_response_from_buffer_with_free_callback(length, data, memory_free);
    }
    delivery = need(memory_allocate(sizeof *delivery));
    *delivery = (struct delivery){.waiting = waiting, .connection = connection, .fault = fault, .data = data,
                                  .length = length, .start = clock_monotonic(&waiting->clock), .bytes_out = bytes_out};
    response = MHD_create_response_from_callback(fault->kind == FAULT_ENDLESS || delimited ? MHD_SIZE_UNKNOWN : length,
                                                 BLOCK_SIZE, read_block, delivery, delivery_free);
    if (response != NULL && delimited) { /* no chunks: the end of the connection is the end of the body */
        MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
    }
    return response;
}
