/* Golden screens of a visit: its five parts, the signature, the outbox. */
#include "tests/views/keys.h"
#include "tests/views/walk.h"


/* In the order of a visit. */
static const struct walk_step steps[] = {
    {NULL, PASSPHRASE "\r"},
    {NULL, "\rs12s"},
    {"vitals-empty", "v"},
    {"vitals-asked", "142/88\r191\r18\r93\r0\ra\r365"},
    {"vitals-refused", CONFIRM CONFIRM "\r614\r9000\r"},
    {"vitals-scored", "\033[A" EMPTY "110\033[A" EMPTY "61.4\r\r3\r- refused"},
    {"note-empty", NEXT_PART},
    {"note-soap", "잠을 잘 못 잤어요. 숨이 차요.\rPillows: 3\tAnkles swollen to the knee.\tHeart failure, worse.\t"},
    {"note-both", SWITCH "夜間の呼吸困難あり。医師に連絡する。"},
    {"note-joined", SWITCH JOIN},
    {"consent-list", NEXT_PART},
    {"consent-text", "2"},
    {"consent-decision", "\t"},
    {"consent-entered", "213Kim Minseo"},
    {"consent-list-entered", BACK},
    {"tasks", NEXT_PART},
    {"tasks-answered", "2No vein found.\r3half a tablet"},
    {"close", NEXT_PART},
    {"sign", SIGN},
    {"sign-wrong", "not this one\r"},
    {"today-signed", PASSPHRASE "\r"},
    {"outbox", "o"},
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
