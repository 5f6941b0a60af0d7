/* Code checks of medicines: what fires, what must not, and that each says what it is. */
#include "chart_builder.h"

#include "care/medicine_check.h"

#define ATC "http://www.whocc.no/atc"
#define EDI "http://example.org/edi"
#define YJ "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"

static struct medicine_warning warnings[32];

static void code_medicine(struct medicine *medicine, const char *system, const char *code)
{
    set_code(&medicine->codes[medicine->code_count++], system, code);
}

static struct medicine *request(struct chart *chart, const char *id, const char *label, const char *atc)
{
    struct medicine *medicine = add_medicine(chart, MEDICINE_REQUEST, id, label);
    code_medicine(medicine, ATC, atc);
    return medicine;
}

static size_t count_kind(const struct chart *chart, enum medicine_warning_kind kind)
{
    size_t found = 0, count = medicine_check(chart, warnings, 32);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(warnings[i].sentence, "code check only"));
        found += warnings[i].kind == kind;
    }
    return found;
}

static void the_same_ingredient_twice(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    request(&chart, "m1", "Paracetamol 500", "N02BE01");
    request(&chart, "m2", "Paracetamol 1000", "N02BE01");
    assert_int_equal(count_kind(&chart, WARNING_SAME_INGREDIENT), 1);
    assert_int_equal(count_kind(&chart, WARNING_DUPLICATE), 0);
    text_copy(chart.medicines[1].status, 24, "stopped");
    assert_int_equal(medicine_check(&chart, warnings, 32), 0);
    text_copy(chart.medicines[1].status, 24, "active");
    text_copy(chart.medicines[1].codes[0].code, 48, "N02BE02"); /* another substance of the group */
    assert_int_equal(medicine_check(&chart, warnings, 32), 0);
    chart.medicines[1].kind = MEDICINE_ADMINISTRATION;
    text_copy(chart.medicines[1].codes[0].code, 48, "N02BE01");
    assert_int_equal(medicine_check(&chart, warnings, 32), 0);
    chart_free(&chart);
}

static void the_same_product_twice(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m1", "A"), EDI, "642100170");
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m2", "B"), EDI, "642100170");
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m3", "C"), "http://example.org/other", "642100170");
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m4", "D"), EDI, "642100171"); /* no ingredient in it */
    assert_int_equal(count_kind(&chart, WARNING_DUPLICATE), 1);
    assert_int_equal(medicine_check(&chart, warnings, 32), 1);
    assert_int_equal(warnings[0].medicine, 0);
    assert_int_equal(warnings[0].other, 1);
    chart_free(&chart);
}

static void yj_codes_share_ingredient_and_route(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m1", "A"), YJ, "2171022F1029");
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m2", "B"), YJ, "2171022F2025");
    code_medicine(add_medicine(&chart, MEDICINE_REQUEST, "m3", "C"), YJ, "2171023F1029");
    assert_int_equal(count_kind(&chart, WARNING_SAME_INGREDIENT), 1);
    chart_free(&chart);
}

static void a_statement_about_an_order_is_not_a_second_medicine(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    request(&chart, "m1", "Furosemide", "C03CA01");
    for (int i = 0; i < 2; i++) {
        struct medicine *statement = add_medicine(&chart, MEDICINE_STATEMENT, i == 0 ? "s1" : "s2", "Furosemide");
        code_medicine(statement, ATC, "C03CA01");
        text_copy(statement->request, sizeof statement->request, "m1");
    }
    assert_int_equal(medicine_check(&chart, warnings, 32), 0);
    chart.medicines[1].request[0] = '\0'; /* on its own it may be one from the shop */
    assert_int_equal(count_kind(&chart, WARNING_SAME_INGREDIENT), 2);
    chart_free(&chart);
}

static const struct medicine_warning *allergy_warning(const char *medicine_atc, const char *medicine_label,
                                                      const char *allergy_atc, const char *allergy_label)
{
    struct chart chart;
    chart_init(&chart);
    request(&chart, "m1", medicine_label, medicine_atc);
    struct allergy *allergy = add_allergy(&chart, allergy_label);
    if (allergy_atc[0] != '\0') {
        set_code(&allergy->codes[allergy->code_count++], ATC, allergy_atc);
    }
    size_t found = count_kind(&chart, WARNING_ALLERGY);
    chart_free(&chart);
    return found == 1 ? &warnings[0] : NULL;
}

static void allergies_match_by_code_class_and_words(void **state)
{
    (void)state;
    const struct medicine_warning *warning = allergy_warning("J01CA04", "Amoxicillin", "J01CA04", "Amoxicillin");
    assert_non_null(warning);
    assert_true(text_starts_with(warning->sentence, "ALLERGY"));
    warning = allergy_warning("J01CA04", "Amoxicillin", "J01C", "Penicillins");
    assert_true(text_starts_with(warning->sentence, "ALLERGY"));
    warning = allergy_warning("J01CA04", "Amoxicillin", "J01CE01", "Benzylpenicillin");
    assert_true(text_starts_with(warning->sentence, "ALLERGY"));
    warning = allergy_warning("J01CA04", "Amoxicillin", "", "Allergy to penicillin");
    assert_true(text_starts_with(warning->sentence, "ALLERGY"));
    warning = allergy_warning("J01DD04", "Ceftriaxone", "J01CA04", "Amoxicillin");
    assert_true(text_starts_with(warning->sentence, "Possible"));
    warning = allergy_warning("M01AE01", "Ibuprofen", "M01AB05", "Diclofenac");
    assert_true(text_starts_with(warning->sentence, "ALLERGY"));
    warning = allergy_warning("J01EE01", "Cotrimoxazole", "J01E", "Sulfonamides");
    assert_true(text_starts_with(warning->sentence, "ALLERGY"));
    warning = allergy_warning("X", "아스피린정 100mg", "", "아스피린");
    assert_true(text_starts_with(warning->sentence, "Possible"));
    assert_null(allergy_warning("C03CA01", "Furosemide", "J01CA04", "Amoxicillin"));
    assert_null(allergy_warning("C03CA01", "Furosemide", "", "Cat"));
    assert_null(allergy_warning("C03CA01", "Furosemide", "", ""));
}

static void an_allergy_that_does_not_count_is_silent(void **state)
{
    (void)state;
    struct chart chart;
    chart_init(&chart);
    request(&chart, "m1", "Amoxicillin", "J01CA04");
    struct allergy *allergy = add_allergy(&chart, "Amoxicillin");
    assert_int_equal(medicine_check(&chart, warnings, 32), 1);
    text_copy(allergy->verification, sizeof allergy->verification, "refuted");
    assert_int_equal(medicine_check(&chart, warnings, 32), 0);
    text_copy(allergy->verification, sizeof allergy->verification, "confirmed");
    allergy->none_known = true;
    assert_int_equal(medicine_check(&chart, warnings, 32), 0);
    chart_free(&chart);
}

static void high_alert_groups_are_named(void **state)
{
    (void)state;
    static const char *const alert[] = {"A10AB01", "B01AA03", "N02AA01", "L01BA01", "C01AA05"};
    static const char *const plain[] = {"A10BA02", "B03AA07", "N02BE01", "L02AA01", "C01BD01"};
    for (size_t i = 0; i < 5; i++) {
        struct chart chart;
        chart_init(&chart);
        request(&chart, "m1", "Medicine", alert[i]);
        assert_int_equal(count_kind(&chart, WARNING_HIGH_ALERT), 1);
        assert_int_equal(warnings[0].other, 0);
        text_copy(chart.medicines[0].codes[0].code, 48, plain[i]);
        assert_int_equal(medicine_check(&chart, warnings, 32), 0);
        chart_free(&chart);
    }
}

static void sentences_hold_long_names_and_the_limit_keeps_allergies(void **state)
{
    (void)state;
    struct chart chart;
    char label[LABEL_SIZE] = "";
    chart_init(&chart);
    while (strlen(label) + 3 < sizeof label) {
        memcpy(label + strlen(label), "약", 4);
    }
    request(&chart, "m1", label, "N02AA01");
    request(&chart, "m2", label, "N02AA01");
    struct allergy *allergy = add_allergy(&chart, label);
    set_code(&allergy->codes[allergy->code_count++], ATC, "N02A");
    assert_int_equal(medicine_check(&chart, warnings, 32), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(text_is_utf8(warnings[i].sentence, strlen(warnings[i].sentence)));
        assert_non_null(strstr(warnings[i].sentence, "code check only"));
    }
    assert_int_equal(medicine_check(&chart, warnings, 2), 2);
    assert_int_equal(warnings[1].kind, WARNING_ALLERGY);
    assert_int_equal(medicine_check(&chart, warnings, 0), 0);
    chart_free(&chart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_ingredient_twice),
        cmocka_unit_test(the_same_product_twice),
        cmocka_unit_test(yj_codes_share_ingredient_and_route),
        cmocka_unit_test(a_statement_about_an_order_is_not_a_second_medicine),
        cmocka_unit_test(allergies_match_by_code_class_and_words),
        cmocka_unit_test(an_allergy_that_does_not_count_is_silent),
        cmocka_unit_test(high_alert_groups_are_named),
        cmocka_unit_test(sentences_hold_long_names_and_the_limit_keeps_allergies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
