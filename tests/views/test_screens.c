/* Golden screens of the way to a visit: unlocking, lists, the patient, the door, help. */
#include "tests/views/walk.h"

/* In the order in which a nurse comes by them. */
static const struct walk_step steps[] = {
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
static const struct walk walk = {steps, sizeof steps / sizeof *steps};

static void at_every_size(void **state)
{
    (void)state;
    walk_at_every_size(&walk);
}

static void in_other_languages(void **state)
{
    (void)state;
    walk_in_other_languages(&walk);
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
