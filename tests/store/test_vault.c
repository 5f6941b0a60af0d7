/* The keys: right and wrong secrets, damage, delays, and what a person may type. */
#include "tests/store/store_test.h"

#include "store/key_file.h"

#include <sys/stat.h>

static enum status unlock(struct fixture *fixture, const char *passphrase)
{
    vault_free(fixture->vault);
    fixture->vault = NULL;
    error_clear(&fixture->error);
    return vault_unlock(&fixture->paths, passphrase, &fixture->options.clock, &fixture->vault, &fixture->error);
}

static void forget_failures(struct fixture *fixture)
{
    unlink(beside(fixture, "attempts"));
}

static void test_right_passphrase_gives_the_same_key(void **state)
{
    struct fixture *fixture = *state;
    unsigned char before[DATA_KEY_SIZE];
    memcpy(before, vault_data_key(fixture->vault), sizeof before);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    assert_memory_equal(vault_data_key(fixture->vault), before, sizeof before);
    assert_int_equal(vault_verify(&fixture->paths, PASSPHRASE, &fixture->options.clock, NULL), STATUS_OK);
}

static void test_key_files_are_private_and_hold_no_secret(void **state)
{
    struct fixture *fixture = *state;
    struct stat about;
    struct buffer text;
    char hex[DATA_KEY_SIZE * 2 + 1];
    assert_int_equal(stat(fixture->paths.key, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(stat(fixture->paths.folder, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    read_whole(fixture->paths.key, &text);
    sodium_bin2hex(hex, sizeof hex, vault_data_key(fixture->vault), DATA_KEY_SIZE);
    assert_null(strstr(buffer_text(&text), hex));
    assert_null(strstr(buffer_text(&text), PASSPHRASE));
    assert_null(strstr(buffer_text(&text), fixture->recovery));
    buffer_free(&text);
}

static void test_wrong_passphrase_is_locked(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(unlock(fixture, "correct horse Battery"), STATUS_LOCKED);
    assert_null(fixture->vault);
    assert_int_not_equal(fixture->error.sentence[0], '\0');
    assert_int_equal(unlock(fixture, ""), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, "\xff\xfe not text"), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
}

static void test_nothing_enrolled_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    assert_false(vault_exists(&fixture->paths));
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_NOT_FOUND);
    assert_non_null(strstr(fixture->error.sentence, "nurse"));
}

static void test_second_enrolment_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct vault *second = NULL;
    char recovery[RECOVERY_KEY_SIZE];
    assert_int_equal(vault_create(&fixture->paths, "another good one", recovery, &second, &fixture->error),
                     STATUS_CONFLICT);
    assert_null(second);
    assert_string_equal(recovery, "");
    unlink(fixture->paths.record); /* lost, but its mark tells that it was there */
    assert_int_equal(vault_create(&fixture->paths, "another good one", recovery, &second, NULL), STATUS_CONFLICT);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
}

static void test_interrupted_enrolment_can_be_repeated(void **state)
{
    struct fixture *fixture = *state;
    vault_free(fixture->vault);
    fixture->vault = NULL;
    assert_int_equal(
        vault_create(&fixture->paths, "another good one", fixture->recovery, &fixture->vault, &fixture->error),
        STATUS_OK);
    assert_true(file_exists(beside(fixture, "key.aside-1")));
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, "another good one"), STATUS_OK);
}

static void test_a_record_without_its_key_is_not_enrolled_over(void **state)
{
    struct fixture *fixture = *state;
    struct vault *second = NULL;
    char recovery[RECOVERY_KEY_SIZE];
    unlink(fixture->paths.key);
    unlink(beside(fixture, "key.bak"));
    assert_int_equal(vault_create(&fixture->paths, PASSPHRASE, recovery, &second, &fixture->error), STATUS_CONFLICT);
    assert_false(file_exists(fixture->paths.key));
}

/* --- delays --------------------------------------------------------------------------------------------- */

static void test_delays_grow_and_are_kept(void **state)
{
    static const int64_t expected[] = {0, 0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        int64_t before = vault_delay(&fixture->paths, &fixture->options.clock);
        fixture->time.slept = 0;
        assert_int_equal(unlock(fixture, "not this one either"), STATUS_LOCKED);
        assert_int_equal(fixture->time.slept, before); /* the delay is slept by the next try */
        assert_int_equal(vault_delay(&fixture->paths, &fixture->options.clock), expected[i]);
    }
    fixture->time.monotonic += 59000;
    assert_int_equal(vault_delay(&fixture->paths, &fixture->options.clock), 1000);
    fixture->time.slept = 0;
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    assert_int_equal(fixture->time.slept, 1000);
    assert_int_equal(vault_delay(&fixture->paths, &fixture->options.clock), 0);
}

static void test_delays_outlive_a_restart_of_the_machine(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(unlock(fixture, "not this one either"), STATUS_LOCKED);
    }
    fixture->time.monotonic = 5; /* just started; the wall clock goes on */
    fixture->time.wall += 500;
    assert_int_equal(vault_delay(&fixture->paths, &fixture->options.clock), 1500);
    fixture->time.wall -= INSTANT_DAY; /* set back: never more than the whole delay */
    assert_int_equal(vault_delay(&fixture->paths, &fixture->options.clock), 2000);
}

static void test_delay_file_of_nonsense_is_no_delay(void **state)
{
    struct fixture *fixture = *state;
    test_file_write(beside(fixture, "attempts"), "doorstep-attempts 1 -5 x", 24);
    assert_int_equal(vault_delay(&fixture->paths, &fixture->options.clock), 0);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
}

/* --- damage --------------------------------------------------------------------------------------------- */

static void test_every_flipped_bit_is_damage_not_a_wrong_passphrase(void **state)
{
    struct fixture *fixture = *state;
    struct buffer text;
    read_whole(fixture->paths.key, &text);
    unlink(beside(fixture, "key.bak"));
    for (size_t i = 0; i < text.length * 8; i++) {
        text.data[i / 8] = (char)(text.data[i / 8] ^ (1 << (i % 8)));
        test_file_write(fixture->paths.key, text.data, text.length);
        text.data[i / 8] = (char)(text.data[i / 8] ^ (1 << (i % 8)));
        struct key_file file;
        bool healthy = true;
        assert_int_equal(key_file_read(&fixture->paths, &file, &healthy, &fixture->error), STATUS_DAMAGED);
    }
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_DAMAGED);
    buffer_free(&text);
}

static void test_every_truncation_is_damage(void **state)
{
    struct fixture *fixture = *state;
    struct buffer text;
    read_whole(fixture->paths.key, &text);
    unlink(beside(fixture, "key.bak"));
    for (size_t length = 0; length < text.length; length++) {
        test_file_write(fixture->paths.key, text.data, length);
        assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_DAMAGED);
    }
    buffer_append_text(&text, "\n");
    test_file_write(fixture->paths.key, text.data, text.length);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_DAMAGED);
    buffer_free(&text);
}

static void test_backup_copy_serves_and_repairs(void **state)
{
    struct fixture *fixture = *state;
    struct buffer before, after;
    read_whole(fixture->paths.key, &before);
    test_file_write(fixture->paths.key, "garbage", 7);
    assert_int_equal(unlock(fixture, "not this one either"), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    read_whole(fixture->paths.key, &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    buffer_free(&after);

    unlink(fixture->paths.key);
    assert_true(vault_exists(&fixture->paths));
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    unlink(beside(fixture, "key.bak"));
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    assert_true(file_exists(beside(fixture, "key.bak")));
    buffer_free(&before);
}

static void test_stale_backup_does_not_bring_the_old_passphrase_back(void **state)
{
    struct fixture *fixture = *state;
    struct buffer old;
    read_whole(beside(fixture, "key.bak"), &old);
    assert_int_equal(vault_change_passphrase(&fixture->paths, PASSPHRASE, "a newer passphrase", &fixture->options.clock,
                                             &fixture->error),
                     STATUS_OK);
    test_file_write(beside(fixture, "key.bak"), old.data, old.length); /* as after a crash between the two copies */
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, "a newer passphrase"), STATUS_OK);
    test_file_write(fixture->paths.key, "garbage", 7); /* the unlock has renewed the backup */
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, "a newer passphrase"), STATUS_OK);
    buffer_free(&old);
}

static void test_sealed_keys_cannot_be_exchanged(void **state)
{
    struct fixture *fixture = *state;
    struct key_file file;
    bool healthy = false;
    assert_int_equal(key_file_read(&fixture->paths, &file, &healthy, NULL), STATUS_OK);
    assert_true(healthy);
    struct wrapped_key swapped = file.passphrase;
    file.passphrase = file.recovery;
    file.recovery = swapped;
    assert_int_equal(key_file_write(&fixture->paths, &file, NULL), STATUS_OK);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_LOCKED);
}

static void test_parameters_beyond_reason_are_damage(void **state)
{
    struct fixture *fixture = *state;
    struct key_file file;
    bool healthy = false;
    assert_int_equal(key_file_read(&fixture->paths, &file, &healthy, NULL), STATUS_OK);
    file.memory = UINT64_C(1) << 40;
    assert_int_equal(key_file_write(&fixture->paths, &file, NULL), STATUS_OK);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_DAMAGED);
}

/* --- change and recovery ------------------------------------------------------------------------------ */

static void test_passphrase_changes_and_the_key_stays(void **state)
{
    struct fixture *fixture = *state;
    unsigned char before[DATA_KEY_SIZE];
    memcpy(before, vault_data_key(fixture->vault), sizeof before);
    const struct clock *clock = &fixture->options.clock;
    assert_int_equal(vault_change_passphrase(&fixture->paths, "not this one", "a newer passphrase", clock, NULL),
                     STATUS_LOCKED);
    assert_int_equal(vault_change_passphrase(&fixture->paths, PASSPHRASE, "short", clock, &fixture->error),
                     STATUS_INVALID);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    assert_int_equal(vault_change_passphrase(&fixture->paths, PASSPHRASE, "a newer passphrase", clock, NULL),
                     STATUS_OK);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_LOCKED);
    assert_int_equal(unlock(fixture, "a newer passphrase"), STATUS_OK);
    assert_memory_equal(vault_data_key(fixture->vault), before, sizeof before);
}

static void test_recovery_key_as_people_type_it(void **state)
{
    struct fixture *fixture = *state;
    const struct clock *clock = &fixture->options.clock;
    unsigned char before[DATA_KEY_SIZE];
    char typed[RECOVERY_KEY_SIZE * 4] = "  ";
    size_t used = 2;
    memcpy(before, vault_data_key(fixture->vault), sizeof before);
    assert_int_equal(strlen(fixture->recovery), 39);
    for (const char *letter = fixture->recovery; *letter != '\0'; letter++) {
        char out[8] = {*letter >= 'A' && *letter <= 'Z' ? (char)(*letter | 0x20) : *letter, '\0'};
        switch (*letter) {
        case '-':
            memcpy(out, " ", 2);
            break;
        case '0':
            memcpy(out, "O", 2);
            break;
        case '1':
            memcpy(out, used % 2 == 0 ? "l" : "I", 2);
            break;
        case 'A':
            memcpy(out, "\xef\xbc\xa1", 4); /* full-width */
            break;
        default:
            break;
        }
        memcpy(typed + used, out, strlen(out) + 1);
        used += strlen(out);
    }
    assert_int_equal(vault_recover(&fixture->paths, typed, "a newer passphrase", clock, &fixture->error), STATUS_OK);
    assert_int_equal(unlock(fixture, "a newer passphrase"), STATUS_OK);
    assert_memory_equal(vault_data_key(fixture->vault), before, sizeof before);
    assert_int_equal(vault_recover(&fixture->paths, fixture->recovery, PASSPHRASE, clock, NULL),
                     STATUS_OK); /* stays valid */
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
}

static void test_wrong_recovery_keys(void **state)
{
    struct fixture *fixture = *state;
    const struct clock *clock = &fixture->options.clock;
    char wrong[RECOVERY_KEY_SIZE];
    text_copy(wrong, sizeof wrong, fixture->recovery);
    wrong[10] = wrong[10] == 'Z' ? 'Y' : 'Z';
    const char *tries[] = {wrong, "", "U", "short", "0000-0000-0000-0000-0000-0000-0000-0000-0"};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        forget_failures(fixture);
        assert_int_equal(vault_recover(&fixture->paths, tries[i], "a newer passphrase", clock, &fixture->error),
                         STATUS_LOCKED);
    }
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
}

/* --- what may be a passphrase ------------------------------------------------------------------------- */

static void test_the_same_text_in_another_form_opens(void **state)
{
    struct fixture *fixture = *state;
    const struct clock *clock = &fixture->options.clock;
    /* Composed and decomposed Hangul and accents, full-width and half-width letters. */
    assert_int_equal(vault_change_passphrase(&fixture->paths, PASSPHRASE,
                                             "\xea\xb0\x80\xeb\x82\x98 caf\xc3\xa9 \xef\xbd\x81\xef\xbd\x82", clock,
                                             &fixture->error),
                     STATUS_OK);
    assert_int_equal(unlock(fixture, "\xe1\x84\x80\xe1\x85\xa1\xe1\x84\x82\xe1\x85\xa1 cafe\xcc\x81 ab"), STATUS_OK);
    assert_int_equal(unlock(fixture, "\xe1\x84\x80\xe1\x85\xa1\xe1\x84\x82\xe1\x85\xa1 CAFE\xcc\x81 ab"),
                     STATUS_LOCKED);
}

static void test_passphrase_faults(void **state)
{
    (void)state;
    char longest[PASSPHRASE_MOST + 2];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "abcdef", 6);
    longest[PASSPHRASE_MOST] = '\0';
    assert_null(passphrase_fault(longest));
    longest[PASSPHRASE_MOST] = 'x';
    longest[PASSPHRASE_MOST + 1] = '\0';
    assert_non_null(passphrase_fault(longest));
    assert_non_null(passphrase_fault(""));
    assert_non_null(passphrase_fault("seven77"));
    assert_null(passphrase_fault("eight888"));
    assert_non_null(passphrase_fault("aaaabbbb"));
    assert_non_null(passphrase_fault("PASSWORD"));
    assert_non_null(passphrase_fault("with\ttabulator"));
    assert_non_null(passphrase_fault("not utf-8 \xff\xff"));
    /* Characters count, not bytes. */
    assert_non_null(
        passphrase_fault("\xea\xb0\x80\xeb\x82\x98\xeb\x8b\xa4\xeb\x9d\xbc\xeb\xa7\x88\xeb\xb0\x94\xec\x82\xac"));
    assert_null(passphrase_fault(
        "\xea\xb0\x80\xeb\x82\x98\xeb\x8b\xa4\xeb\x9d\xbc\xeb\xa7\x88\xeb\xb0\x94\xec\x82\xac\xec\x95\x84"));
}

static void test_the_worst_expansion_fits(void **state)
{
    struct fixture *fixture = *state;
    char ligatures[PASSPHRASE_MOST + 1];
    for (size_t i = 0; i < 85; i++) {
        memcpy(ligatures + i * 3, "\xef\xb7\xba", 3); /* U+FDFA becomes 18 characters */
    }
    ligatures[255] = '\0';
    assert_int_equal(unlock(fixture, ligatures), STATUS_LOCKED);
}

static void test_memory_failures_are_never_called_damage(void **state)
{
    struct fixture *fixture = *state;
    long most = 0;
    memory_fail_at(0, 0);
    assert_int_equal(unlock(fixture, PASSPHRASE), STATUS_OK);
    most = memory_allocation_count();
    assert_true(most > 0);
    for (long n = 1; n <= most; n++) {
        struct key_file file;
        bool healthy = false;
        memory_fail_at(n, 1);
        enum status status = key_file_read(&fixture->paths, &file, &healthy, &fixture->error);
        memory_fail_at(0, 0);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_right_passphrase_gives_the_same_key, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_key_files_are_private_and_hold_no_secret, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_wrong_passphrase_is_locked, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_nothing_enrolled_is_not_found, empty_home, remove_home),
        cmocka_unit_test_setup_teardown(test_second_enrolment_is_refused, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_interrupted_enrolment_can_be_repeated, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_a_record_without_its_key_is_not_enrolled_over, open_record, remove_home),
        cmocka_unit_test_setup_teardown(test_delays_grow_and_are_kept, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_delays_outlive_a_restart_of_the_machine, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_delay_file_of_nonsense_is_no_delay, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_is_damage_not_a_wrong_passphrase, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_every_truncation_is_damage, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_backup_copy_serves_and_repairs, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_stale_backup_does_not_bring_the_old_passphrase_back, key_only,
                                        remove_home),
        cmocka_unit_test_setup_teardown(test_sealed_keys_cannot_be_exchanged, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_parameters_beyond_reason_are_damage, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_passphrase_changes_and_the_key_stays, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_recovery_key_as_people_type_it, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_wrong_recovery_keys, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_the_same_text_in_another_form_opens, key_only, remove_home),
        cmocka_unit_test(test_passphrase_faults),
        cmocka_unit_test_setup_teardown(test_the_worst_expansion_fits, key_only, remove_home),
        cmocka_unit_test_setup_teardown(test_memory_failures_are_never_called_damage, key_only, remove_home),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
