/*
 * What it means when an exchange ends without an answer, for the request and
 * for the nurse. Private to sync/; http.c gathers the facts. Pure.
 *
 * What kept the answer away decides what she can do: wait, move, ask the
 * office, look at her device's date. Each has a sentence of its own, and none
 * says that something was sent when nothing was.
 */
#ifndef DOORSTEP_SYNC_ENDING_H
#define DOORSTEP_SYNC_ENDING_H

#include "sync/pace.h"
#include "sync/transport.h"

#include <curl/curl.h>

struct ending {
    CURLcode code;
    long verdict;           /* of the certificate, as OpenSSL tells it */
    long system;            /* errno of the last attempt to connect, 0 when none is known */
    enum pace_verdict pace;
    bool body_full;         /* unpacked, the answer passed its limit */
    uint64_t bytes_out;
};

enum exchange_end ending_class(const struct ending *ending);
const char *ending_words(const struct ending *ending); /* translated */

#endif
