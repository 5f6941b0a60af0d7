#include "base/config.h"

#include "base/file.h"
#include "base/memory.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static char *folder;
static char path[4096];

static enum status read_text(const char *text, struct config *config, struct error *error)
{
    test_file_write(path, text, strlen(text));
    config_defaults(config);
    return config_read(config, path, error);
}

static void assert_refused(const char *text, const char *first, const char *second)
{
    struct config config;
    struct error error = {0};

    assert_int_equal(read_text(text, &config, &error), STATUS_INVALID);
    if (strstr(error.sentence, first) == NULL || strstr(error.sentence, second) == NULL) {
        fail_msg("\"%s\" names neither %s nor %s", error.sentence, first, second);
    }
    assert_int_equal(read_text(text, &config, NULL), STATUS_INVALID);
}

static void test_defaults_and_a_missing_file(void **state)
{
    struct config config;
    struct error error = {0};

    (void)state;
    config_defaults(&config);
    assert_int_equal(config_read(&config, "/nonexistent/config", &error), STATUS_OK);
    assert_int_equal(error.status, STATUS_OK);
    assert_string_equal(config.language, "");
    assert_false(config.monochrome);
    assert_int_equal(config.lock_after_minutes, 5);
    assert_int_equal(config.sync_every_minutes, 15);
    assert_string_equal(config.server, "");
}

static void test_every_key(void **state)
{
    static const char text[] = "# how I like it\n"
                               "[console]\nlanguage = ko\ncolour = no\nlines=ascii\n  lock-after = 10 ; minutes\n"
                               "\n[sync]\r\nevery = 1440\nserver = https://fhir.example.org/r4\ncaseload = Group/12\n"
                               "ca-file = /etc/ssl/agency.pem\n"
                               "[consent]\npolicy = https://agency.example/consent/3\n"
                               "[agency]\nname = 서울 방문간호\nscale2-note = Ask the doctor first";
    struct config config;
    struct error error = {0};

    (void)state;
    assert_int_equal(read_text(text, &config, &error), STATUS_OK);
    assert_string_equal(config.language, "ko");
    assert_true(config.monochrome);
    assert_string_equal(config.lines, "ascii");
    assert_int_equal(config.lock_after_minutes, 10);
    assert_int_equal(config.sync_every_minutes, 1440);
    assert_string_equal(config.server, "https://fhir.example.org/r4");
    assert_string_equal(config.caseload, "Group/12");
    assert_string_equal(config.ca_file, "/etc/ssl/agency.pem");
    assert_string_equal(config.consent_policy, "https://agency.example/consent/3");
    assert_string_equal(config.organization, "서울 방문간호");
    assert_string_equal(config.scale2_note, "Ask the doctor first");
}

static void test_empty_file_changes_nothing(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text("", &config, NULL), STATUS_OK);
    assert_int_equal(config.lock_after_minutes, 5);
}

static void test_mistakes_name_the_line(void **state)
{
    char long_line[400] = "[sync]\nserver = ";

    (void)state;
    assert_refused("[console]\nlangauge = ko\n", "line 2", "langauge");
    assert_refused("\n\n[sync]\n\nlanguage = ko\n", "line 5", "language");
    assert_refused("language = ko\n", "line 1", "language");
    assert_refused("[console]\nlanguage = fr\n", "line 2", "\"fr\"");
    assert_refused("[console]\nlanguage = en ko\n", "line 2", "en ko");
    assert_refused("[console]\nlanguage =\n", "line 2", "language");
    assert_refused("[console]\ncolour = maybe\n", "line 2", "maybe");
    assert_refused("[console]\nlock-after = 0\n", "line 2", "lock-after");
    assert_refused("[console]\nlock-after = 61\n", "line 2", "61");
    assert_refused("[console]\nlock-after = 5m\n", "line 2", "5m");
    assert_refused("[console]\nlock-after = 99999999999\n", "line 2", "lock-after");
    assert_refused("[sync]\nevery = -1\n", "line 2", "-1");
    assert_refused("[console]\nlanguage = ko\nthis is nothing\n", "line 3", "name = value");
    assert_refused("[console\nlanguage = ko\n", "line 1", "name = value");
    assert_refused("[agency]\nname = \xFF\n", "line 2", "name");
    memset(long_line + strlen(long_line), 'x', 300);
    assert_refused(long_line, "line 2", "too long");
}

static void test_an_indented_line_is_no_continuation(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text("[sync]\n  server = a\n  caseload = b\n", &config, NULL), STATUS_OK);
    assert_string_equal(config.server, "a");
    assert_string_equal(config.caseload, "b");
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
    struct config config;
    struct error error = {0};

    (void)state;
    config_defaults(&config);
    assert_int_equal(config_read(&config, folder, &error), STATUS_INVALID);
    assert_true(strlen(error.sentence) > 0);
}

static int make_folder(void **state)
{
    (void)state;
    folder = test_folder_make();
    return (int)file_join(path, sizeof path, folder, "config", NULL);
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_and_a_missing_file),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_empty_file_changes_nothing),
        cmocka_unit_test(test_mistakes_name_the_line),
        cmocka_unit_test(test_an_indented_line_is_no_continuation),
        cmocka_unit_test(test_what_cannot_be_read_is_an_error),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
