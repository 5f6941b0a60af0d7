/*
 * The baseline of a sync: libcurl asks for the same on one connection, and
 * throws away what comes. A page is asked for by the link that came with the
 * page before it, as a sync does, and not by the link that the sync was given:
 * a server has that list ready, and would answer sooner the second time.
 */
#include "bench.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE 16384

/* What came, and how much. */
struct came {
    char *bytes;
    size_t length, capacity;
    double total;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    struct came *came = context;
    size_t length = size * count;
    if (came->length + length + 1 > came->capacity) {
        came->capacity = (came->length + length + 1) * 2;
        came->bytes = realloc(came->bytes, came->capacity);
        if (came->bytes == NULL) {
            return 0;
        }
    }
    memcpy(came->bytes + came->length, bytes, length);
    came->length += length;
    came->bytes[came->length] = '\0';
    return length;
}

bool bench_next_link(const char *bundle, char *url, size_t size)
{
    const char *at = bundle == NULL ? NULL : strstr(bundle, "\"next\"");
    at = at == NULL ? NULL : strstr(at, "\"url\"");
    at = at == NULL ? NULL : strchr(at + 5, '"');
    size_t length = at == NULL ? 0 : strcspn(at + 1, "\"");
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(url, at + 1, length);
    url[length] = '\0';
    return true;
}

static void ask(CURL *easy, const char *url, const char *body_path, struct came *came)
{
    static char body[1 << 20];
    long code = 0;
    long header = 0;
    curl_off_t downloaded = 0;
    came->length = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (body_path != NULL) {
        FILE *file = fopen(body_path, "r");
        size_t length = file == NULL ? 0 : fread(body, 1, sizeof body, file);
        if (length == 0 || fclose(file) != 0) {
            bench_die("a request is gone");
        }
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    if (curl_easy_perform(easy) != CURLE_OK || curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK || code != 200) {
        bench_die("curl could not fetch what a sync fetched (%ld): %s", code, url);
    }
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &header);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &downloaded);
    came->total += (double)header + (double)downloaded;
}

static double fetch(const char *list)
{
    static char line[LINE_SIZE], url[LINE_SIZE], body[LINE_SIZE];
    static const char *const headers[] = {"Accept: application/fhir+json", "Cache-Control: no-cache", "Prefer: handling=strict",
                                          "Content-Type: application/fhir+json"};
    struct came came = {.total = 0};
    struct curl_slist *sent = NULL;
    FILE *file = fopen(list, "r");
    CURL *easy = curl_easy_init();
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        sent = curl_slist_append(sent, headers[i]);
    }
    if (file == NULL || easy == NULL || sent == NULL) {
        bench_die("no requests to repeat");
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sent);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, (void *)&came);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "next", 4) == 0 && !bench_next_link(came.bytes, url, sizeof url)) {
            bench_die("the server has no next page this time");
        }
        if (sscanf(line, "post %16383s %16383s", body, url) == 2) {
            ask(easy, url, body, &came);
        } else if (strncmp(line, "next", 4) == 0 || sscanf(line, "get %16383s", url) == 1) {
            ask(easy, url, NULL, &came);
        }
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(sent);
    fclose(file);
    free(came.bytes);
    return came.total;
}

double bench_fetch(const char *list, double *bytes)
{
    int ends[2];
    if (pipe(ends) != 0) {
        bench_die("no pipe");
    }
    double start = bench_now();
    pid_t child = fork();
    if (child == 0) {
        double total = fetch(list);
        _exit(write(ends[1], &total, sizeof total) == (ssize_t)sizeof total ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], bytes, sizeof *bytes) != (ssize_t)sizeof *bytes) {
        bench_die("curl did not end");
    }
    double took = bench_now() - start;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return took;
}
