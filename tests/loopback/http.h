/* HTTP for the server, by libmicrohttpd in an external event loop: one thread, no locks. */
#ifndef LOOPBACK_HTTP_H
#define LOOPBACK_HTTP_H

#include "server.h"

struct http;

/* Listens on 127.0.0.1; NULL, with a sentence on stderr, when that fails. */
struct http *http_start(struct server *server);
int http_port(const struct http *http);
/* Serves until one of the signals that `signals` (a signalfd) reports. */
void http_run(struct http *http, int signals);
void http_stop(struct http *http);

#endif
