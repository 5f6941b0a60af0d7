/* Golden screens: every screen of the framework at the sizes we promise, in each language that has a catalogue. */
#include "tests/views/stage.h"

#include <stdlib.h>

static const struct {
    int rows, columns;
} sizes[] = {{24, 80}, {20, 60}, {43, 132}};

/* The screens in the order in which a nurse comes by them, and the keys from the one before. */
static const struct {
    const char *name, *keys;
} path[] = {
    {"unlock", ""},
    {"today", PASSPHRASE "\r"},
    {"patients", "p"},
    {"patients-search", "\xEA\xB9\x80"}, /* 김 */
    {"snapshot", "\r"},
    {"visit-start", "s"},
    {"visit-start-heard", "12"},
    {"snapshot-visit", "s"},
    {"help", "?"},
    {"today-unfinished", "0t"},
};

static void walk(struct fixture *fixture, const char *language, int rows, int columns)
{
    struct stage stage;

    stage_open(&stage, fixture, rows, columns);
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        char name[80];

        stage_type(&stage, path[i].keys);
        stage_wait(&stage, 1000);
        snprintf(name, sizeof name, "%s-%s-%dx%d", path[i].name, language, columns, rows);
        stage_golden(name);
    }
    stage_close(&stage);
}

static void at_every_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *home = NULL;

        assert_int_equal(stage_home(&home), 0);
        language_setup("en", "");
        walk(home, "en", sizes[i].rows, sizes[i].columns);
        assert_int_equal(stage_home_end(&home), 0);
    }
}

/* The catalogues stand beside the test program, in <build>/locale. */
static bool find_catalogue(const char *language, char *folder, size_t size)
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

static void in_other_languages(void **state)
{
    static const char *const languages[] = {"ko", "ja"};
    int walked = 0;

    (void)state;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        char folder[PATH_SIZE];
        void *home = NULL;

        if (!find_catalogue(languages[i], folder, sizeof folder)) {
            print_message("no catalogue for %s yet\n", languages[i]);
            continue;
        }
        language_setup(languages[i], folder);
        assert_int_equal(stage_home(&home), 0);
        walk(home, languages[i], 24, 80);
        assert_int_equal(stage_home_end(&home), 0);
        walked++;
    }
    language_setup("en", "");
    if (walked == 0) {
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_size),
        cmocka_unit_test(in_other_languages),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
