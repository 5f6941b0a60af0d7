/* Why an exchange ended without an answer. See ending.h. Called by http.c. */
#include "sync/ending.h"

#include "base/text.h"

#include <errno.h>

#define CERTIFICATE_EXPIRED 10L /* X509_V_ERR_CERT_HAS_EXPIRED */

static bool is_too_large(const struct ending *ending)
{
    return ending->body_full || ending->pace == PACE_TOO_MUCH;
}

enum exchange_end ending_class(const struct ending *ending)
{
    if (is_too_large(ending)) {
        return EXCHANGE_TOO_LARGE;
    }
    if (ending->code == CURLE_ABORTED_BY_CALLBACK && ending->pace == PACE_FINE) {
        return EXCHANGE_CANCELLED;
    }
    return ending->bytes_out > 0 ? EXCHANGE_UNKNOWN : EXCHANGE_NOT_SENT;
}

static const char *unreached_words(void)
{
    return _("the server could not be reached, nothing was sent; work goes on, it is tried again later");
}

static const char *connect_words(long system)
{
    switch (system) {
    case ECONNREFUSED:
    case ECONNRESET:
        return _("the server does not take calls right now; work goes on, it is tried again later");
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case ETIMEDOUT:
        return _("there is no way to the server from this network; work goes on, it is tried again later");
    default:
        return unreached_words();
    }
}

static const char *certificate_words(long verdict)
{
    if (verdict == CERTIFICATE_EXPIRED) {
        return _("the server's certificate has expired, or this device's date is wrong: nothing was sent; check the date, then tell "
                 "the office");
    }
    return _("the server could not prove who it is, nothing was sent: this network may want a sign-in first; if it does not, check "
             "this device's date, then ask the office");
}

static const char *broken_words(void)
{
    return _("the line broke before the answer was complete; it is tried again at the next sync");
}

/* The words for what libcurl says; the rest is a line that broke. */
static const char *code_words(const struct ending *ending)
{
    switch ((int)ending->code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return _("stopped");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return _("no network, or the server's name is not known here; work goes on, it is tried again later");
    case CURLE_COULDNT_CONNECT:
        return connect_words(ending->system);
    case CURLE_SSL_CACERT_BADFILE:
        return _("the certificate file named by ca-file in the configuration cannot be read; nothing was sent");
    case CURLE_PEER_FAILED_VERIFICATION:
        return certificate_words(ending->verdict);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        return certificate_words(0);
    case CURLE_OPERATION_TIMEDOUT:
        return ending->bytes_out == 0 ? unreached_words() : _("the line went silent; what was sent is checked at the next sync");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return _("the server's address is not one: ask the office for the right address");
    default:
        return broken_words();
    }
}

const char *ending_words(const struct ending *ending)
{
    if (is_too_large(ending)) {
        return _("the server's answer is larger than this device accepts; ask the office about the server's page size");
    }
    if (ending->pace == PACE_TOO_SLOW) {
        return _("the line was too slow for the answer to come to its end; what was sent is checked at the next sync");
    }
    return code_words(ending);
}
