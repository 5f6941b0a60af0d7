/* One console and one sync at a time, over all processes of a user. */
#include "tests/store/store_test.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* A child that holds what `take` gives until it is told to leave, or killed. */
struct other {
    pid_t process;
    int leave; /* closing it tells the child to go */
};

static volatile sig_atomic_t signalled;

static void note_signal(int number)
{
    signalled = number;
}

static struct other start_other(struct fixture *fixture, bool sync)
{
    struct other other = {.process = 0};
    int leave[2], ready[2];
    char byte = 0;
    assert_int_equal(pipe(leave), 0);
    assert_int_equal(pipe(ready), 0);
    other.process = fork();
    if (other.process == 0) {
        struct presence *presence = NULL;
        struct sigaction action = {.sa_handler = note_signal};
        struct pollfd told = {.fd = leave[0], .events = POLLIN};
        sigset_t user_signal, none;
        sigemptyset(&none);
        sigemptyset(&user_signal);
        sigaddset(&user_signal, SIGUSR1);
        sigprocmask(SIG_BLOCK, &user_signal, NULL); /* until ppoll() waits for it */
        sigaction(SIGUSR1, &action, NULL);
        close(leave[1]);
        enum status status = sync ? presence_begin_sync(&fixture->paths, &presence, NULL)
                                  : presence_register(&fixture->paths, &presence, NULL);
        if (status != STATUS_OK || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        int got = ppoll(&told, 1, NULL, &none);
        _exit(got == 1 ? 0 : signalled == SIGUSR1 ? 42 : 2);
    }
    close(leave[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    other.leave = leave[1];
    return other;
}

static int end_other(struct other *other)
{
    int result = 0;
    close(other->leave);
    assert_int_equal(waitpid(other->process, &result, 0), other->process);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static void test_second_console_is_refused_and_told_where(void **state)
{
    struct fixture *fixture = *state;
    struct presence *presence = NULL;
    struct other other = start_other(fixture, false);
    assert_int_equal(presence_register(&fixture->paths, &presence, &fixture->error), STATUS_BUSY);
    assert_null(presence);
    assert_non_null(strstr(fixture->error.sentence, "since 20"));
    assert_int_equal(end_other(&other), 0);
    assert_int_equal(presence_register(&fixture->paths, &presence, &fixture->error), STATUS_OK);
    presence_release(presence);
}

static void test_killed_console_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct presence *presence = NULL;
    struct other other = start_other(fixture, false);
    assert_int_equal(kill(other.process, SIGKILL), 0);
    assert_int_equal(end_other(&other), -1);
    assert_int_equal(presence_register(&fixture->paths, &presence, &fixture->error), STATUS_OK);
    presence_release(presence);
}

static void test_same_process_too(void **state)
{
    struct fixture *fixture = *state;
    struct presence *first = NULL, *second = NULL, *sync = NULL;
    assert_int_equal(presence_register(&fixture->paths, &first, &fixture->error), STATUS_OK);
    assert_int_equal(presence_register(&fixture->paths, &second, &fixture->error), STATUS_BUSY);
    assert_int_equal(presence_register(&fixture->paths, &second, NULL), STATUS_BUSY); /* looking did not drop it */
    assert_int_equal(presence_begin_sync(&fixture->paths, &sync, &fixture->error), STATUS_OK);
    presence_release(first);
    assert_int_equal(presence_register(&fixture->paths, &second, NULL), STATUS_OK);
    presence_release(second);
    presence_release(sync);
    presence_release(NULL);
}

static void test_one_sync_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct presence *presence = NULL;
    struct other other = start_other(fixture, true);
    assert_int_equal(presence_begin_sync(&fixture->paths, &presence, &fixture->error), STATUS_BUSY);
    assert_int_not_equal(fixture->error.sentence[0], '\0');
    assert_int_equal(end_other(&other), 0);
    assert_int_equal(presence_begin_sync(&fixture->paths, &presence, NULL), STATUS_OK);
    presence_release(presence);
}

static void test_lock_reaches_the_open_console(void **state)
{
    struct fixture *fixture = *state;
    int count = -1;
    assert_int_equal(presence_lock_all(&fixture->paths, &count, &fixture->error), STATUS_OK);
    assert_int_equal(count, 0);
    struct other other = start_other(fixture, false);
    assert_int_equal(presence_lock_all(&fixture->paths, &count, &fixture->error), STATUS_OK);
    assert_int_equal(count, 1);
    int result = 0;
    assert_int_equal(waitpid(other.process, &result, 0), other.process);
    close(other.leave);
    assert_int_equal(WEXITSTATUS(result), 42);
    assert_int_equal(presence_lock_all(&fixture->paths, &count, &fixture->error), STATUS_OK);
    assert_int_equal(count, 0);
}

static void test_without_enrolment(void **state)
{
    struct fixture *fixture = *state;
    struct presence *presence = NULL;
    int count = 0;
    assert_int_equal(presence_register(&fixture->paths, &presence, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(presence_lock_all(&fixture->paths, &count, &fixture->error), STATUS_NOT_FOUND);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_second_console_is_refused_and_told_where, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_killed_console_leaves_nothing, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_same_process_too, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_one_sync_at_a_time, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_lock_reaches_the_open_console, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_without_enrolment, empty_home, remove_home),
    };
    return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
