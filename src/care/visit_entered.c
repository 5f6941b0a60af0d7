/*
 * What was entered in a visit, counted and in words: for whoever is about to
 * set a visit aside, to sign it, or to take one up again.
 */
#include "care/visit.h"

#include "base/text.h"
#include "care/visit_part.h"

#include <string.h>

/* Characters as a person counts them; those that only separate do not count. */
static size_t count_characters(const char *text)
{
    size_t length = strlen(text);
    size_t count = 0;
    for (size_t at = 0; at < length; at = text_next_grapheme(text, length, at)) {
        uint32_t character = 0;
        (void)text_decode(text + at, length - at, &character);
        count += !text_is_space(character);
    }
    return count;
}

struct visit_entered visit_entered(const struct visit_draft *draft)
{
    struct visit_entered entered = {0};
    for (size_t i = 0; i < draft->count; i++) {
        const struct visit_field *field = &draft->fields[i];
        if (text_starts_with(field->name, "vitals.") && !text_is_blank(field->value)) {
            entered.vitals++;
        } else if (text_starts_with(field->name, "note.") && strcmp(field->name, "note.template") != 0) {
            entered.note_characters += count_characters(field->value);
        }
    }
    visit_count_parts(draft, &entered);
    return entered;
}

static void add(char *out, size_t size, size_t count, const char *words)
{
    size_t used = strlen(out);
    if (count > 0) {
        (void)text_format(out + used, size - used, "%s%s", used > 0 ? ", " : "", words);
    }
}

void visit_entered_words(const struct visit_entered *entered, bool brief, char *out, size_t size)
{
    char words[120];
    out[0] = '\0';
    (void)text_format(words, sizeof words, ngettext("%zu vital", "%zu vitals", entered->vitals), entered->vitals);
    add(out, size, entered->vitals, words);
    (void)text_copy(words, sizeof words, _("note"));
    if (!brief) {
        (void)text_format(words, sizeof words,
                          ngettext("a note of %zu character", "a note of %zu characters", entered->note_characters),
                          entered->note_characters);
    }
    add(out, size, entered->note_characters, words);
    (void)text_format(words, sizeof words, ngettext("%zu consent", "%zu consents", entered->consents),
                      entered->consents);
    add(out, size, entered->consents, words);
    (void)text_format(words, sizeof words, ngettext("%zu medicine", "%zu medicines", entered->medicines),
                      entered->medicines);
    add(out, size, entered->medicines, words);
    (void)text_format(words, sizeof words, ngettext("%zu task", "%zu tasks", entered->tasks), entered->tasks);
    add(out, size, entered->tasks, words);
    if (out[0] == '\0') {
        (void)text_copy(out, size, _("nothing"));
    }
}
