/*
 * Medicines compared by their codes, reference 3.10: no interaction data base
 * stands behind it, so every sentence says "code check only". Called by the
 * snapshot, the medicines list and the chart command.
 *
 * What the codes tell: ATC, 7 characters are one substance and shorter
 * prefixes are groups; the Japanese YJ code has ingredient and route in its
 * first 7. HOT, EDI, RxNorm and NDC are product numbers: only equal or not.
 */
#include "care/medicine_check.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define SYSTEM_ATC "http://www.whocc.no/atc"
#define ATC_SUBSTANCE 7
#define SHOWN_LABEL 64       /* two of them and the words fit one sentence */
#define TEXT_MATCH_MINIMUM 4 /* bytes; shorter labels match by accident */

/* Systems whose first characters name the ingredient. */
static const struct {
    const char *system;
    size_t length;
} ingredient_systems[] = {
    {SYSTEM_ATC, ATC_SUBSTANCE},
    {"http://capstandard.jp/iyaku.info/CodeSystem/YJ-code", 7},
    {"urn:oid:1.2.392.100495.20.1.73", 7},
};

/* Allergy classes that reach beyond one substance. `name` is looked for in
 * the allergy's words, `caution` is a group that may cross-react. */
static const struct {
    const char *prefix;
    const char *name;
    const char *caution;
} allergy_classes[] = {
    {"J01C", N_("penicillin"), "J01D"},
    {"J01D", N_("cephalosporin"), "J01C"},
    {"J01E", N_("sulfonamide"), ""},
    {"M01A", N_("anti-inflammatory"), "N02BA"},
};

static const struct {
    const char *prefix;
    const char *name;
} high_alert_groups[] = {
    {"A10A", N_("insulin")},
    {"B01A", N_("blood thinner")},
    {"C01AA", N_("digoxin group")},
    {"L01", N_("cancer medicine")},
    {"N02A", N_("opioid")},
};

struct findings {
    struct medicine_warning *out;
    size_t limit, count;
};

/* The next free warning; NULL when there is no room. */
static struct medicine_warning *next(struct findings *findings, enum medicine_warning_kind kind, size_t medicine,
                                     size_t other)
{
    if (findings->count == findings->limit) {
        return NULL;
    }
    struct medicine_warning *warning = &findings->out[findings->count++];
    memset(warning, 0, sizeof *warning);
    warning->kind = kind;
    warning->medicine = medicine;
    warning->other = other;
    return warning;
}

static bool is_checked(const struct medicine *medicine)
{
    return medicine->kind != MEDICINE_ADMINISTRATION && strcmp(medicine->status, "active") == 0;
}

static const char *atc_of(const struct code *code)
{
    return strcmp(code->system, SYSTEM_ATC) == 0 ? code->code : NULL;
}

static bool same_code(const struct code *a, const struct code *b)
{
    return a->code[0] != '\0' && strcmp(a->system, b->system) == 0 && strcmp(a->code, b->code) == 0;
}

static bool same_ingredient(const struct code *a, const struct code *b)
{
    for (size_t i = 0; i < sizeof ingredient_systems / sizeof ingredient_systems[0]; i++) {
        size_t length = ingredient_systems[i].length;
        if (strcmp(a->system, ingredient_systems[i].system) == 0 && strcmp(a->system, b->system) == 0 &&
            strlen(a->code) >= length && strncmp(a->code, b->code, length) == 0) {
            return true;
        }
    }
    return false;
}

/* --- two medicines ------------------------------------------------------------------------------- */

/* The order a line belongs to: a statement about a request is the same medicine, not a second one. */
static const char *order_of(const struct medicine *medicine)
{
    return medicine->request[0] != '\0' ? medicine->request : medicine->id;
}

/* An order and the statement about it say the same thing: once is enough. */
static void drop_repeated(struct findings *findings, const struct chart *chart)
{
    const struct medicine_warning *newest = &findings->out[findings->count - 1];
    const char *order = order_of(&chart->medicines[newest->medicine]);
    for (size_t i = 0; i + 1 < findings->count; i++) {
        const struct medicine_warning *earlier = &findings->out[i];
        if (earlier->kind == newest->kind && strcmp(order_of(&chart->medicines[earlier->medicine]), order) == 0 &&
            strcmp(earlier->sentence, newest->sentence) == 0) {
            findings->count--;
            return;
        }
    }
}

static void compare_medicines(struct findings *findings, const struct chart *chart, size_t first, size_t second)
{
    const struct medicine *a = &chart->medicines[first], *b = &chart->medicines[second];
    bool same = false, ingredient = false;
    if (strcmp(order_of(a), order_of(b)) == 0) {
        return;
    }
    for (size_t i = 0; i < a->code_count; i++) {
        for (size_t j = 0; j < b->code_count; j++) {
            ingredient = ingredient || same_ingredient(&a->codes[i], &b->codes[j]);
            /* Two products of one substance share its ATC code: that is the same ingredient, not the same product. */
            same = same || (same_code(&a->codes[i], &b->codes[j]) && atc_of(&a->codes[i]) == NULL);
        }
    }
    if (!same && !ingredient) {
        return;
    }
    struct medicine_warning *warning =
        next(findings, same ? WARNING_DUPLICATE : WARNING_SAME_INGREDIENT, first, second);
    if (warning != NULL) {
        char shown_a[SHOWN_LABEL], shown_b[SHOWN_LABEL];
        text_copy(shown_a, sizeof shown_a, a->label);
        text_copy(shown_b, sizeof shown_b, b->label);
        text_format(warning->sentence, sizeof warning->sentence,
                    same ? _("%s is listed twice as active, also as %s (code check only).")
                         : _("%s has the same ingredient as %s (code check only)."),
                    shown_a, shown_b);
    }
}

/* --- a medicine and an allergy ------------------------------------------------------------------- */

enum allergy_match { MATCH_NONE, MATCH_POSSIBLE, MATCH_CLASS, MATCH_SUBSTANCE };

static enum allergy_match stronger(enum allergy_match a, enum allergy_match b)
{
    return a > b ? a : b;
}

static bool mentions(const char *folded, const char *word)
{
    char needle[LABEL_SIZE];
    text_fold(needle, sizeof needle, word);
    return strlen(needle) >= TEXT_MATCH_MINIMUM && strstr(folded, needle) != NULL;
}

/* Whether the allergy is to the class with this prefix: by code, or by its name in the words. */
static bool allergy_has_class(const struct allergy *allergy, const char *folded_label, size_t class_index)
{
    const char *prefix = allergy_classes[class_index].prefix;
    for (size_t i = 0; i < allergy->code_count; i++) {
        const char *atc = atc_of(&allergy->codes[i]);
        if (atc != NULL && text_starts_with(atc, prefix)) {
            return true;
        }
    }
    return mentions(folded_label, allergy_classes[class_index].name) ||
           mentions(folded_label, _(allergy_classes[class_index].name));
}

static enum allergy_match match_code(const struct code *medicine, const struct allergy *allergy,
                                     const char *folded_label)
{
    enum allergy_match match = MATCH_NONE;
    const char *atc = atc_of(medicine);
    for (size_t i = 0; i < allergy->code_count; i++) {
        const char *other = atc_of(&allergy->codes[i]);
        if (same_code(medicine, &allergy->codes[i]) || same_ingredient(medicine, &allergy->codes[i])) {
            return MATCH_SUBSTANCE;
        }
        if (atc != NULL && other != NULL && other[0] != '\0' && text_starts_with(atc, other)) {
            match = MATCH_CLASS; /* the allergy is coded as a group the medicine is in */
        }
    }
    for (size_t i = 0; atc != NULL && i < sizeof allergy_classes / sizeof allergy_classes[0]; i++) {
        if (!allergy_has_class(allergy, folded_label, i)) {
            continue;
        }
        if (text_starts_with(atc, allergy_classes[i].prefix)) {
            match = stronger(match, MATCH_CLASS);
        } else if (allergy_classes[i].caution[0] != '\0' && text_starts_with(atc, allergy_classes[i].caution)) {
            match = stronger(match, MATCH_POSSIBLE);
        }
    }
    return match;
}

static void compare_allergy(struct findings *findings, const struct chart *chart, size_t medicine_index,
                            size_t allergy_index)
{
    const struct medicine *medicine = &chart->medicines[medicine_index];
    const struct allergy *allergy = &chart->allergies[allergy_index];
    char medicine_label[LABEL_SIZE], allergy_label[LABEL_SIZE];
    text_fold(medicine_label, sizeof medicine_label, medicine->label);
    text_fold(allergy_label, sizeof allergy_label, allergy->label);
    enum allergy_match match = mentions(medicine_label, allergy->label) ? MATCH_POSSIBLE : MATCH_NONE;
    for (size_t i = 0; i < medicine->code_count; i++) {
        match = stronger(match, match_code(&medicine->codes[i], allergy, allergy_label));
    }
    struct medicine_warning *warning =
        match == MATCH_NONE ? NULL : next(findings, WARNING_ALLERGY, medicine_index, allergy_index);
    if (warning != NULL) {
        char shown_medicine[SHOWN_LABEL], shown_allergy[SHOWN_LABEL];
        text_copy(shown_medicine, sizeof shown_medicine, medicine->label);
        text_copy(shown_allergy, sizeof shown_allergy, allergy->label);
        text_format(warning->sentence, sizeof warning->sentence,
                    match == MATCH_SUBSTANCE ? _("ALLERGY: %s, and an allergy to %s is recorded (code check only).")
                    : match == MATCH_CLASS   ? _("ALLERGY: %s is in the group of the recorded %s (code check only).")
                                                : _("Possible allergy: %s may fit the recorded %s (code check only)."),
                    shown_medicine, shown_allergy);
        drop_repeated(findings, chart);
    }
}

/* --- one medicine -------------------------------------------------------------------------------- */

static void check_high_alert(struct findings *findings, const struct chart *chart, size_t index)
{
    const struct medicine *medicine = &chart->medicines[index];
    for (size_t i = 0; i < medicine->code_count; i++) {
        const char *atc = atc_of(&medicine->codes[i]);
        for (size_t j = 0; atc != NULL && j < sizeof high_alert_groups / sizeof high_alert_groups[0]; j++) {
            if (!text_starts_with(atc, high_alert_groups[j].prefix)) {
                continue;
            }
            struct medicine_warning *warning = next(findings, WARNING_HIGH_ALERT, index, index);
            if (warning != NULL) {
                char shown[SHOWN_LABEL];
                text_copy(shown, sizeof shown, medicine->label);
                text_format(warning->sentence, sizeof warning->sentence,
                            _("High-alert medicine (%s): %s; check dose and time twice (code check only)."),
                            _(high_alert_groups[j].name), shown);
                drop_repeated(findings, chart);
            }
            return;
        }
    }
}

size_t medicine_check(const struct chart *chart, struct medicine_warning *out, size_t limit)
{
    struct findings findings = {.out = out, .limit = limit};
    /* Allergies first: when there is no room for all, they are what must be seen. */
    for (size_t i = 0; i < chart->medicine_count; i++) {
        for (size_t j = 0; is_checked(&chart->medicines[i]) && j < chart->allergy_count; j++) {
            if (allergy_counts(&chart->allergies[j]) && !chart->allergies[j].none_known) {
                compare_allergy(&findings, chart, i, j);
            }
        }
    }
    for (size_t i = 0; i < chart->medicine_count; i++) {
        for (size_t j = i + 1; is_checked(&chart->medicines[i]) && j < chart->medicine_count; j++) {
            if (is_checked(&chart->medicines[j])) {
                compare_medicines(&findings, chart, i, j);
            }
        }
    }
    for (size_t i = 0; i < chart->medicine_count; i++) {
        if (is_checked(&chart->medicines[i])) {
            check_high_alert(&findings, chart, i);
        }
    }
    return findings.count;
}
