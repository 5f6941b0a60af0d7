/*
 * The strict JSON pass: a recursive descent over the bytes, at most
 * JSON_DEPTH_LIMIT calls deep and in time linear in their number.
 *
 * Names already seen in the objects that are open are kept in one stack, and
 * in one hash table over it with open addressing. An object's names leave the
 * table when it closes, always the youngest first, so a slot can simply be
 * emptied: nothing that is left was ever moved on because of it.
 */
#include "base/json_scan.h"

#include "base/decimal.h"
#include "base/identifier.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_LIMIT 64        /* characters of one number */
#define EXACT_DIGITS 15        /* integers of so many digits a double keeps */
#define REPORTED_NAME_SIZE 48

struct name {
    uint64_t hash;      /* of the decoded name and its object */
    const char *text;   /* as written, without the quotes */
    uint32_t length;
    uint32_t slot;      /* where the table points here */
};

struct scan {
    const char *bytes;
    size_t length;
    size_t at;
    size_t copied;          /* bytes already in `marked` */
    struct buffer *marked;
    size_t values;          /* so far */
    size_t most;            /* of them */
    uint64_t objects;       /* so far: tells apart equal names of different objects */
    uint64_t seed;
    struct name *names;     /* stack */
    size_t name_count;
    size_t name_capacity;
    uint32_t *slots;        /* index into names plus one; 0 is free */
    size_t slot_count;      /* a power of two, more than twice name_count */
    enum status status;     /* STATUS_INVALID and STATUS_FULL go with `reason` and `reason_at` */
    const char *reason;
    size_t reason_at;
    char reason_name[REPORTED_NAME_SIZE]; /* of a doubled member */
};

static bool scan_value(struct scan *scan, int depth);

/* Ends the scan; the first reason stays. */
static bool refuse(struct scan *scan, const char *reason)
{
    if (scan->status == STATUS_OK) {
        scan->status = STATUS_INVALID;
        scan->reason = reason;
        scan->reason_at = scan->at;
    }
    return false;
}

static bool refuse_for_memory(struct scan *scan)
{
    scan->status = STATUS_NO_MEMORY;
    return false;
}

static int peek(const struct scan *scan)
{
    return scan->at < scan->length ? (unsigned char)scan->bytes[scan->at] : -1;
}

static void skip_white_space(struct scan *scan)
{
    int next = peek(scan);

    while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
        scan->at++;
        next = peek(scan);
    }
}

/* --- strings --------------------------------------------------------------------------------- */

static bool read_hex(const char *text, uint32_t *out)
{
    static const char digits[] = "00112233445566778899aAbBcCdDeEfF";

    *out = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;

        if (digit == NULL) {
            return false;
        }
        *out = *out << 4 | (uint32_t)(digit - digits) / 2;
    }
    return true;
}

/* Reads the escape that begins with the backslash at `text`; returns its bytes, 0 when it is none. */
static size_t read_escape(const char *text, size_t length, uint32_t *character)
{
    static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    uint32_t low = 0;

    if (length < 2) {
        return 0;
    }
    if (text[1] != 'u') {
        for (size_t i = 0; letters[i] != '\0'; i += 2) {
            if (letters[i] == text[1]) {
                *character = (uint32_t)letters[i + 1];
                return 2;
            }
        }
        return 0;
    }
    if (length < 6 || !read_hex(text + 2, character)) {
        return 0;
    }
    if (*character < 0xD800 || *character > 0xDFFF) {
        return 6;
    }
    if (*character > 0xDBFF || length < 12 || text[6] != '\\' || text[7] != 'u' || !read_hex(text + 8, &low) ||
        low < 0xDC00 || low > 0xDFFF) {
        return 0;
    }
    *character = 0x10000 + ((*character - 0xD800) << 10 | (low - 0xDC00));
    return 12;
}

/* One character of a string, written out or escaped; the text has been scanned. */
static size_t read_character(const char *text, size_t length, uint32_t *character)
{
    return text[0] == '\\' ? read_escape(text, length, character) : text_decode(text, length, character);
}

/* Scans a string with its quotes and gives the hash of its decoded characters, begun with `hash`. */
static bool scan_string(struct scan *scan, uint64_t *hash)
{
    uint64_t h = *hash;

    scan->at++;
    for (;;) {
        uint32_t character = (uint32_t)peek(scan);
        size_t used = 1;

        if (scan->at >= scan->length) {
            return refuse(scan, _("the text ends too early"));
        }
        if (character == '"') {
            break;
        }
        if (character < 0x20 || character == 0x7F) {
            return refuse(scan, _("a control character stands in a text"));
        }
        if (character == '\\') {
            used = read_escape(scan->bytes + scan->at, scan->length - scan->at, &character);
            if (used == 0) {
                return refuse(scan, _("an escape after \\ is not complete or not known"));
            }
            if ((character < 0x20 && character != '\t' && character != '\n' && character != '\r') ||
                character == 0x7F) {
                return refuse(scan, _("a control character stands in a text"));
            }
        } else if (character >= 0x80) {
            used = text_decode(scan->bytes + scan->at, scan->length - scan->at, &character);
            if (used == 1) {
                return refuse(scan, _("a character is not UTF-8"));
            }
        }
        scan->at += used;
        h = (h ^ character) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    scan->at++;
    *hash = h;
    return true;
}

/* --- names of members ------------------------------------------------------------------------ */

static bool same_name(const struct name *a, const struct name *b)
{
    size_t i = 0;
    size_t j = 0;

    if (a->hash != b->hash) {
        return false;
    }
    while (i < a->length && j < b->length) {
        uint32_t left = 0;
        uint32_t right = 0;

        i += read_character(a->text + i, a->length - i, &left);
        j += read_character(b->text + j, b->length - j, &right);
        if (left != right) {
            return false;
        }
    }
    return i == a->length && j == b->length;
}

/* Points a free slot at names[index]. */
static void enter_name(struct scan *scan, size_t index)
{
    size_t slot = scan->names[index].hash & (scan->slot_count - 1);

    while (scan->slots[slot] != 0) {
        slot = (slot + 1) & (scan->slot_count - 1);
    }
    scan->slots[slot] = (uint32_t)index + 1;
    scan->names[index].slot = (uint32_t)slot;
}

/* Makes room for one more name in the stack and the table. */
static bool reserve_name(struct scan *scan)
{
    struct name *names = memory_grow(scan->names, scan->name_count, &scan->name_capacity, sizeof *names);

    if (names == NULL) {
        return refuse_for_memory(scan);
    }
    scan->names = names;
    if (2 * (scan->name_count + 1) > scan->slot_count) {
        size_t wanted = scan->slot_count > 0 ? 2 * scan->slot_count : 64;
        uint32_t *slots = memory_allocate_array(wanted, sizeof *slots);

        if (slots == NULL) {
            return refuse_for_memory(scan);
        }
        memory_free(scan->slots);
        scan->slots = slots;
        scan->slot_count = wanted;
        for (size_t i = 0; i < scan->name_count; i++) {
            enter_name(scan, i); /* oldest first keeps the order in which slots may be emptied */
        }
    }
    return true;
}

static bool refuse_double(struct scan *scan, const struct name *name)
{
    char written[REPORTED_NAME_SIZE];
    size_t length = name->length < sizeof written ? name->length : sizeof written - 1;

    memcpy(written, name->text, length);
    written[length] = '\0';
    text_clean_into(scan->reason_name, sizeof scan->reason_name, written);
    return refuse(scan, NULL);
}

/* Scans a member's name and refuses one that its object, number `object`, has already. */
static bool scan_name(struct scan *scan, uint64_t object)
{
    size_t start = scan->at;
    struct name name = {.hash = scan->seed ^ object};

    if (!scan_string(scan, &name.hash)) {
        return false;
    }
    name.text = scan->bytes + start + 1;
    name.length = (uint32_t)(scan->at - start - 2);
    if (!reserve_name(scan)) {
        return false;
    }
    for (size_t slot = name.hash & (scan->slot_count - 1); scan->slots[slot] != 0;
         slot = (slot + 1) & (scan->slot_count - 1)) {
        if (same_name(&scan->names[scan->slots[slot] - 1], &name)) {
            return refuse_double(scan, &name);
        }
    }
    scan->names[scan->name_count] = name;
    enter_name(scan, scan->name_count++);
    return true;
}

static void forget_names(struct scan *scan, size_t count)
{
    while (scan->name_count > count) {
        scan->slots[scan->names[--scan->name_count].slot] = 0;
    }
}

/* --- values ---------------------------------------------------------------------------------- */

static bool scan_object(struct scan *scan, int depth)
{
    size_t outer_names = scan->name_count;
    uint64_t object = ++scan->objects;

    scan->at++;
    skip_white_space(scan);
    if (peek(scan) == '}') {
        scan->at++;
        return true;
    }
    for (;;) {
        skip_white_space(scan);
        if (peek(scan) != '"') {
            return refuse(scan, _("a member's name in quotes was expected"));
        }
        if (!scan_name(scan, object)) {
            return false;
        }
        skip_white_space(scan);
        if (peek(scan) != ':') {
            return refuse(scan, _("a colon was expected"));
        }
        scan->at++;
        if (!scan_value(scan, depth)) {
            return false;
        }
        if (peek(scan) == '}') {
            scan->at++;
            forget_names(scan, outer_names);
            return true;
        }
        if (peek(scan) != ',') {
            return refuse(scan, _("a comma or a closing brace was expected"));
        }
        scan->at++;
    }
}

static bool scan_array(struct scan *scan, int depth)
{
    scan->at++;
    skip_white_space(scan);
    if (peek(scan) == ']') {
        scan->at++;
        return true;
    }
    for (;;) {
        if (!scan_value(scan, depth)) {
            return false;
        }
        if (peek(scan) == ']') {
            scan->at++;
            return true;
        }
        if (peek(scan) != ',') {
            return refuse(scan, _("a comma or a closing bracket was expected"));
        }
        scan->at++;
    }
}

/* True for plain integers that a double holds and cJSON prints as they are. */
static bool is_kept_by_double(const char *number, size_t length)
{
    size_t digits = number[0] == '-' ? length - 1 : length;

    return digits <= EXACT_DIGITS && memchr(number, '.', length) == NULL && memchr(number, 'e', length) == NULL &&
           memchr(number, 'E', length) == NULL && !(number[0] == '-' && number[1] == '0');
}

static bool scan_number(struct scan *scan)
{
    const char *number = scan->bytes + scan->at;
    size_t length = decimal_literal_length(number, scan->length - scan->at);

    if (length == 0) {
        return refuse(scan, _("a number is not written as JSON demands"));
    }
    if (length > NUMBER_LIMIT) {
        return refuse(scan, _("a number has too many digits"));
    }
    if (!is_kept_by_double(number, length)) {
        buffer_append(scan->marked, scan->bytes + scan->copied, scan->at - scan->copied);
        buffer_append_byte(scan->marked, '"');
        buffer_append_byte(scan->marked, JSON_NUMBER_MARK);
        buffer_append(scan->marked, number, length);
        buffer_append_byte(scan->marked, '"');
        scan->copied = scan->at + length;
        if (scan->marked->status != STATUS_OK) {
            return refuse_for_memory(scan);
        }
    }
    scan->at += length;
    return true;
}

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);

        if (scan->length - scan->at >= length && memcmp(scan->bytes + scan->at, words[i], length) == 0) {
            scan->at += length;
            return true;
        }
    }
    return refuse(scan, scan->at < scan->length ? _("a value was expected") : _("the text ends too early"));
}

/* Scans a value and the white space around it, inside `depth` arrays and objects. */
static bool scan_value(struct scan *scan, int depth)
{
    uint64_t unused = 0;
    int next = 0;
    bool good = false;

    skip_white_space(scan);
    next = peek(scan);
    if (++scan->values > scan->most) {
        refuse(scan, _("it holds too many values"));
        scan->status = scan->status == STATUS_INVALID ? STATUS_FULL : scan->status;
        return false;
    }
    if ((next == '{' || next == '[') && depth == JSON_DEPTH_LIMIT) {
        return refuse(scan, _("it is nested too deeply"));
    }
    if (next == '{') {
        good = scan_object(scan, depth + 1);
    } else if (next == '[') {
        good = scan_array(scan, depth + 1);
    } else if (next == '"') {
        good = scan_string(scan, &unused);
    } else if (next == '-' || (next >= '0' && next <= '9')) {
        good = scan_number(scan);
    } else {
        good = scan_word(scan);
    }
    skip_white_space(scan);
    return good;
}

static enum status report(const struct scan *scan, struct error *error)
{
    if (scan->status == STATUS_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (scan->reason == NULL) {
        return error_set(error, STATUS_INVALID,
                         _("This JSON cannot be used: two members are named '%s', near byte %zu."), scan->reason_name,
                         scan->reason_at);
    }
    /* TRANSLATORS: %s is one of the reasons, such as "the text ends too early". */
    return error_set(error, scan->status, _("This JSON cannot be used: %s, near byte %zu."), scan->reason,
                     scan->reason_at);
}

enum status json_scan(const char *bytes, size_t length, size_t most, struct buffer *marked, struct error *error)
{
    struct scan scan = {.bytes = bytes, .length = length, .most = most, .marked = marked};
    struct randomness randomness = randomness_system();

    if (length > JSON_SIZE_LIMIT) {
        return error_set(error, STATUS_INVALID, _("This JSON cannot be used: it is larger than %u bytes."),
                         JSON_SIZE_LIMIT);
    }
    /* A sender who cannot know the seed cannot choose names that meet in the table. */
    randomness.fill(randomness.context, &scan.seed, sizeof scan.seed);
    if (scan_value(&scan, 0) && scan.at < length) {
        (void)refuse(&scan, _("something follows the end of the document"));
    }
    if (scan.status == STATUS_OK && scan.copied > 0) {
        buffer_append(marked, bytes + scan.copied, length - scan.copied);
        scan.status = marked->status == STATUS_OK ? STATUS_OK : STATUS_NO_MEMORY;
    }
    memory_free(scan.names);
    memory_free(scan.slots);
    return scan.status == STATUS_OK ? STATUS_OK : report(&scan, error);
}
