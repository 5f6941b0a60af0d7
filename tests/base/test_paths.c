#include "base/paths.h"

#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("DOORSTEP_HOME");
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/home/nurse", 1);
    return 0;
}

static struct paths find(const char *user, const char *home, const char *config)
{
    struct paths paths;
    struct error error = {0};

    if (paths_find(&paths, user, home, config, &error) != STATUS_OK) {
        fail_msg("%s", error.sentence);
    }
    return paths;
}

static void test_xdg_defaults(void **state)
{
    struct paths paths = find("kim", NULL, NULL);

    (void)state;
    assert_string_equal(paths.user, "kim");
    assert_string_equal(paths.folder, "/home/nurse/.local/share/doorstep/kim");
    assert_string_equal(paths.record, "/home/nurse/.local/share/doorstep/kim/record.db");
    assert_string_equal(paths.key, "/home/nurse/.local/share/doorstep/kim/key");
    assert_string_equal(paths.config, "/home/nurse/.config/doorstep/config");
}

static void test_xdg_variables(void **state)
{
    struct paths paths;

    (void)state;
    setenv("XDG_DATA_HOME", "/data", 1);
    setenv("XDG_CONFIG_HOME", "/etc/nurse/", 1);
    paths = find("kim", NULL, NULL);
    assert_string_equal(paths.folder, "/data/doorstep/kim");
    assert_string_equal(paths.config, "/etc/nurse/doorstep/config");
    setenv("XDG_DATA_HOME", "relative", 1);
    setenv("XDG_CONFIG_HOME", "", 1);
    paths = find("kim", NULL, NULL);
    assert_string_equal(paths.folder, "/home/nurse/.local/share/doorstep/kim");
    assert_string_equal(paths.config, "/home/nurse/.config/doorstep/config");
}

static void test_a_home_holds_everything(void **state)
{
    struct paths paths;

    (void)state;
    setenv("DOORSTEP_HOME", "/from/environment", 1);
    setenv("XDG_DATA_HOME", "/data", 1);
    paths = find("kim", NULL, NULL);
    assert_string_equal(paths.folder, "/from/environment/kim");
    assert_string_equal(paths.config, "/from/environment/config");
    paths = find("kim", "/given", NULL);
    assert_string_equal(paths.folder, "/given/kim");
    assert_string_equal(paths.config, "/given/config");
    paths = find("김간호", "/given", "/other/file");
    assert_string_equal(paths.folder, "/given/김간호");
    assert_string_equal(paths.config, "/other/file");
}

static void test_user_is_the_login_by_default(void **state)
{
    (void)state;
    assert_true(strlen(find(NULL, "/given", NULL).user) > 0);
}

static void test_bad_users_are_refused(void **state)
{
    static const char *const users[] = {"", ".", "..", ".hidden", "a/b", "/", "config", "\xFF",
                                        "0123456789012345678901234567890123456789012345678901234567890123"};

    (void)state;
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        struct paths paths;
        struct error error = {0};

        assert_int_equal(paths_find(&paths, users[i], "/given", NULL, &error), STATUS_USAGE);
        assert_true(strlen(error.sentence) > 0);
    }
}

static void test_paths_that_are_too_long_are_refused(void **state)
{
    char longer[PATH_SIZE + 1];
    struct paths paths;
    struct error error = {0};

    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[0] = '/';
    longer[PATH_SIZE] = '\0';
    assert_int_equal(paths_find(&paths, "kim", longer, NULL, &error), STATUS_INVALID);
    assert_int_equal(paths_find(&paths, "kim", "/given", longer, &error), STATUS_INVALID);
    longer[PATH_SIZE - 2] = '\0';
    assert_int_equal(paths_find(&paths, "kim", longer, NULL, &error), STATUS_INVALID);
    setenv("XDG_DATA_HOME", longer, 1);
    assert_int_equal(paths_find(&paths, "kim", NULL, NULL, &error), STATUS_INVALID);
}

static void test_catalogues_beside_the_program_or_installed(void **state)
{
    char beside[PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", beside, sizeof beside - sizeof "/locale");

    (void)state;
    assert_true(length > 0);
    beside[length] = '\0';
    memcpy(strrchr(beside, '/'), "/locale", sizeof "/locale");
    assert_string_equal(find("kim", "/given", NULL).locale, DOORSTEP_PREFIX "/share/locale");
    assert_int_equal(mkdir(beside, 0700), 0);
    struct paths paths = find("kim", "/given", NULL);
    assert_int_equal(rmdir(beside), 0);
    assert_string_equal(paths.locale, beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_xdg_defaults, clear_environment),
        cmocka_unit_test_setup(test_xdg_variables, clear_environment),
        cmocka_unit_test_setup(test_a_home_holds_everything, clear_environment),
        cmocka_unit_test_setup(test_user_is_the_login_by_default, clear_environment),
        cmocka_unit_test_setup(test_bad_users_are_refused, clear_environment),
        cmocka_unit_test_setup(test_paths_that_are_too_long_are_refused, clear_environment),
        cmocka_unit_test_setup(test_catalogues_beside_the_program_or_installed, clear_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
