/* Golden screens of a visit: its five parts, the signature and the outbox, at the sizes we promise and in each language. */
#include "tests/views/stage.h"

static const struct {
    int rows, columns;
} sizes[] = {{24, 80}, {20, 60}, {43, 132}};

#define NEXT_PART "\x0e"
#define CONFIRM "\x19"
#define SWITCH "\x14"
#define SIGN "\x07"

/* The screens in the order of a visit, and the keys from the one before. */
static const struct {
    const char *name, *keys;
} path[] = {
    {"vitals-empty", "v"},
    {"vitals-asked", "142/88\r191\r18\r93\r0\ra\r365"},
    {"vitals-refused", CONFIRM CONFIRM "\r614\r9000\r"},
    {"vitals-scored", "\033[A\x15" "110\033[A\x15" "61.4\r\r3\r- refused"},
    {"note-empty", NEXT_PART},
    {"note-soap", "잠을 잘 못 잤어요. 숨이 차요.\rPillows: 3\tAnkles swollen to the knee.\tHeart failure, worse.\t"},
    {"note-both", SWITCH "夜間の呼吸困難あり。医師に連絡する。"},
    {"note-joined", SWITCH "\x18"},
    {"consent-list", NEXT_PART},
    {"consent-text", "2"},
    {"consent-decision", "\t"},
    {"consent-entered", "213Kim Minseo"},
    {"consent-list-entered", "\x02"},
    {"tasks", NEXT_PART},
    {"tasks-answered", "2No vein found.\r3half a tablet"},
    {"close", NEXT_PART},
    {"sign", SIGN},
    {"sign-wrong", "not this one\r"},
    {"today-signed", PASSPHRASE "\r"},
    {"outbox", "o"},
};

static void walk(struct fixture *fixture, const char *language, int rows, int columns)
{
    struct stage stage;

    stage_open(&stage, fixture, rows, columns);
    stage_unlock(&stage);
    stage_type(&stage, "\rs12s");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_size),
    };

    unsetenv("NO_COLOR");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
