/* A walk through screens, each compared with its golden: at every size we promise, and in each language there is. */
#ifndef DOORSTEP_TESTS_VIEWS_WALK_H
#define DOORSTEP_TESTS_VIEWS_WALK_H

#include "tests/views/stage.h"

/* A screen, and the keys that lead there from the one before. Without a name they only lead on. */
struct walk_step {
    const char *name, *keys;
};

struct walk {
    const struct walk_step *steps;
    size_t count;
};

static inline void walk_once(const struct walk *walk, const char *language, int rows, int columns)
{
    struct stage stage;
    void *home = NULL;

    assert_int_equal(stage_home(&home), 0);
    stage_open(&stage, home, rows, columns);
    for (size_t i = 0; i < walk->count; i++) {
        char name[80];

        stage_type(&stage, walk->steps[i].keys);
        stage_wait(&stage, 1000);
        if (walk->steps[i].name != NULL) {
            snprintf(name, sizeof name, "%s-%s-%dx%d", walk->steps[i].name, language, columns, rows);
            stage_golden(name);
        }
    }
    stage_close(&stage);
    assert_int_equal(stage_home_end(&home), 0);
}

static inline void walk_at_every_size(const struct walk *walk)
{
    static const struct {
        int rows, columns;
    } sizes[] = {{24, 80}, {20, 60}, {43, 132}};

    language_setup("en", "");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        walk_once(walk, "en", sizes[i].rows, sizes[i].columns);
    }
}

/* The catalogues stand beside the test program, in <build>/locale. */
static inline bool walk_find_catalogue(const char *language, char *folder, size_t size)
{
    char catalogue[PATH_SIZE + 64];
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);

    assert_true(length > 0);
    folder[length] = '\0';
    for (int up = 0; up < 3; up++) {
        *strrchr(folder, '/') = '\0';
    }
    assert_true(strlen(folder) + 8 < size);
    memcpy(folder + strlen(folder), "/locale", 8);
    snprintf(catalogue, sizeof catalogue, "%s/%s/LC_MESSAGES/doorstep.mo", folder, language);
    return file_exists(catalogue);
}

static inline void walk_in_other_languages(const struct walk *walk)
{
    static const char *const languages[] = {"ko", "ja"};
    int walked = 0;

    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char folder[PATH_SIZE];

        if (!walk_find_catalogue(languages[i], folder, sizeof folder)) {
            print_message("no catalogue for %s yet\n", languages[i]);
            continue;
        }
        language_setup(languages[i], folder);
        walk_once(walk, languages[i], 24, 80);
        walked++;
    }
    language_setup("en", "");
    if (walked == 0) {
        skip();
    }
}

#endif
