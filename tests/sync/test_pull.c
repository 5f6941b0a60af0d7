/* The caseload comes to the device: scopes, order, completeness, resuming, leaving. */
#include "tests/sync/sync_test.h"

static int patients(struct bed *bed)
{
    return (int)number(bed, "SELECT count(*) FROM patient");
}

static void each_scope_brings_its_patients(void **state)
{
    static const struct {
        const char *scope;
        int patients;
    } scopes[] = {{"Group/g1", 8}, {"List/l1", 2}, {"appointments", 3}, {"Patient?_id=p2,p4", 2}, {"all", 9}};
    (void)state;
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        struct bed *bed = new_bed(scopes[i].scope, NULL, 3);
        assert_run(bed, STATUS_OK);
        assert_int_equal(patients(bed), scopes[i].patients);
        assert_int_equal(number(bed, COMPLETE_COUNT), scopes[i].patients);
        assert_int_equal(number(bed, "SELECT count(*) FROM reading"), 3 * scopes[i].patients);
        assert_int_equal(number(bed, "SELECT count(*) FROM person"), 1); /* who wrote down the allergies */
        assert_int_equal(bed->result.entry.pulled, number(bed, RESOURCE_COUNT));
        free_bed(bed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scope_brings_its_patients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
