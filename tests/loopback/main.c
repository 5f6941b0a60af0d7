/*
 * loopback [--port N] [--load FILE.ndjson]... [--token TEXT] [--dump FILE] [--quiet]
 *          [--conflict-status 412] [--merge-duplicates] [--max-entries N] [--no-integrity] [--search-cache SECONDS]
 *          [--loaded-ago SECONDS] [--seed N]
 *
 * What --load brings was last updated when the server started, or --loaded-ago before; give that option first. With
 * --seed, the same requests in the same order get the same page links.
 *
 * A FHIR R4 server in memory on 127.0.0.1, for the demonstration and the
 * tests. Its first line on stdout is "listening on http://127.0.0.1:PORT/fhir";
 * it serves until SIGTERM or SIGINT and then writes what it holds to --dump.
 */
#include "control.h"
#include "http.h"
#include "pages.h"
#include "rest.h"

#include "base/file.h"
#include "base/text.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOAD_LIMIT ((size_t)2 << 30)

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"load", required_argument, NULL, 'l'},
    {"token", required_argument, NULL, 't'},
    {"dump", required_argument, NULL, 'd'},
    {"quiet", no_argument, NULL, 'q'},
    {"conflict-status", required_argument, NULL, 'c'},
    {"merge-duplicates", no_argument, NULL, 'm'},
    {"max-entries", required_argument, NULL, 'e'},
    {"no-integrity", no_argument, NULL, 'i'},
    {"search-cache", required_argument, NULL, 's'},
    {"loaded-ago", required_argument, NULL, 'a'},
    {"seed", required_argument, NULL, 'r'},
    {NULL, 0, NULL, 0},
};

/* Stores one line; all lines of a file share one lastUpdated, like a transaction. */
static bool load_line(struct server *server, const char *line, size_t length, instant at, struct failure *failure)
{
    cJSON *tree = NULL;
    char target[TARGET_SIZE];
    const char *type = NULL;
    const char *id = NULL;

    if (!body_parse(line, length, &tree, failure)) {
        return false;
    }
    type = json_text(tree, "resourceType");
    id = json_text(tree, "id");
    if (id == NULL) {
        store_new_target(&server->store, type, target);
    } else {
        snprintf(target, sizeof target, "%s/%s", type, id);
    }
    store_put(&server->store, target, tree, at);
    cJSON_Delete(tree);
    return true;
}

static bool load(struct server *server, const char *path)
{
    struct buffer text;
    struct error error = {0};
    struct failure failure = {0};
    instant at = store_tick(&server->store) - server->options.loaded_ago;
    bool ok = true;
    long number = 0;

    buffer_init(&text, LOAD_LIMIT);
    if (file_read(path, &text, &error) != STATUS_OK) {
        fprintf(stderr, "loopback: %s\n", error.sentence);
        ok = false;
    }
    for (const char *line = buffer_text(&text), *end = NULL; ok && *line != '\0'; line = end + (*end == '\n' ? 1 : 0)) {
        end = strchrnul(line, '\n');
        number++;
        if (line[strspn(line, " \t\r")] != '\n' && line[strspn(line, " \t\r")] != '\0') {
            ok = load_line(server, line, (size_t)(end - line), at, &failure);
        }
        if (!ok) {
            fprintf(stderr, "loopback: %s:%ld: %s\n", path, number, failure.diagnostics);
        }
    }
    buffer_free(&text);
    return ok;
}

static bool dump(const struct server *server)
{
    struct buffer text;
    struct error error = {0};
    bool ok = true;

    buffer_init(&text, LOAD_LIMIT);
    append_resources(&server->store, NULL, &text);
    if (file_replace(server->options.dump, buffer_text(&text), text.length, &error) != STATUS_OK) {
        fprintf(stderr, "loopback: %s\n", error.sentence);
        ok = false;
    }
    buffer_free(&text);
    return ok;
}

/* Reads the options; the files of --load are loaded as they are met. */
static bool read_options(struct server *server, int count, char **arguments)
{
    struct options *options = &server->options;

    *options = (struct options){.conflict_status = 409, .integrity = true, .search_cache = 60 * INSTANT_SECOND};
    for (int option = 0; (option = getopt_long(count, arguments, "", long_options, NULL)) != -1;) {
        switch (option) {
        case 'p':
            options->port = (int)strtol(optarg, NULL, 10);
            break;
        case 'l':
            if (!load(server, optarg)) {
                return false;
            }
            break;
        case 't':
            options->token = optarg;
            break;
        case 'd':
            options->dump = optarg;
            break;
        case 'q':
            options->quiet = true;
            break;
        case 'c':
            options->conflict_status = strcmp(optarg, "412") == 0 ? 412 : 409;
            break;
        case 'm':
            options->merge_duplicates = true;
            break;
        case 'e':
            options->max_entries = strtoll(optarg, NULL, 10);
            break;
        case 'i':
            options->integrity = false;
            break;
        case 's':
            options->search_cache = strtoll(optarg, NULL, 10) * INSTANT_SECOND;
            break;
        case 'a':
            options->loaded_ago = strtoll(optarg, NULL, 10) * INSTANT_SECOND;
            break;
        case 'r':
            options->seed = strtoull(optarg, NULL, 10);
            searches_free(server->searches);
            server->searches = searches_new(randomness_seeded(&options->seed));
            break;
        default:
            return false;
        }
    }
    return optind == count;
}

/* SIGTERM and SIGINT arrive through the returned descriptor from now on. */
static int block_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

int main(int count, char **arguments)
{
    struct server server = {0};
    struct http *http = NULL;
    int signals = block_signals();
    bool ok = signals >= 0;

    memory_install();
    store_init(&server.store);
    server.searches = searches_new(randomness_system());
    if (ok && !read_options(&server, count, arguments)) {
        fputs("usage: loopback [--port N] [--load FILE.ndjson]... [--token TEXT] [--dump FILE] [--quiet]\n"
              "                [--conflict-status 409|412] [--merge-duplicates] [--max-entries N] [--no-integrity]\n"
              "                [--search-cache SECONDS] [--loaded-ago SECONDS] [--seed N]\n", stderr);
        ok = false;
    }
    http = ok ? http_start(&server) : NULL;
    if (http != NULL) {
        printf("listening on http://127.0.0.1:%d/fhir\n", http_port(http));
        fflush(stdout);
        http_run(http, signals);
        http_stop(http);
        ok = server.options.dump == NULL || dump(&server);
    } else {
        ok = false;
    }
    close(signals);
    searches_free(server.searches);
    faults_free(&server.faults);
    store_free(&server.store);
    return ok ? 0 : 1;
}
