/* The two tables of attributes: with and without colour. */
#define NCURSES_NOMACROS 1
#include "views/theme.h"

#include <curses.h>
#include <stdlib.h>

enum pair { PAIR_PLAIN, PAIR_RED, PAIR_AMBER, PAIR_GOOD };

static const struct {
    enum pair pair;
    attr_t colour, mono; /* attributes beside the pair, and without any colours */
} roles[ROLE_COUNT] = {
    [ROLE_NORMAL] = {PAIR_PLAIN, A_NORMAL, A_NORMAL},
    [ROLE_DIM] = {PAIR_PLAIN, A_DIM, A_NORMAL},
    [ROLE_STRONG] = {PAIR_PLAIN, A_BOLD, A_BOLD},
    [ROLE_TITLE] = {PAIR_PLAIN, A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE},
    [ROLE_HEADER] = {PAIR_PLAIN, A_REVERSE, A_REVERSE},
    [ROLE_HEADER_STRONG] = {PAIR_PLAIN, A_REVERSE | A_BOLD, A_REVERSE | A_BOLD},
    [ROLE_FOOTER] = {PAIR_PLAIN, A_REVERSE, A_REVERSE},
    [ROLE_FOOTER_WORD] = {PAIR_PLAIN, A_NORMAL, A_NORMAL},
    [ROLE_SELECTED] = {PAIR_PLAIN, A_BOLD, A_BOLD},
    [ROLE_FIELD] = {PAIR_PLAIN, A_UNDERLINE, A_UNDERLINE},
    [ROLE_FIELD_ACTIVE] = {PAIR_PLAIN, A_UNDERLINE | A_BOLD, A_UNDERLINE | A_BOLD},
    [ROLE_RED] = {PAIR_RED, A_BOLD, A_BOLD | A_REVERSE},
    [ROLE_AMBER] = {PAIR_AMBER, A_BOLD, A_BOLD},
    [ROLE_GOOD] = {PAIR_GOOD, A_NORMAL, A_NORMAL},
    [ROLE_ERROR] = {PAIR_RED, A_BOLD, A_BOLD},
};

static bool coloured;

void theme_start(bool monochrome)
{
    const char *refused = getenv("NO_COLOR");

    coloured = !monochrome && (refused == NULL || refused[0] == '\0') && has_colors();
    if (!coloured) {
        return;
    }
    (void)start_color();
    (void)use_default_colors();
    (void)init_pair(PAIR_RED, COLOR_RED, -1);
    (void)init_pair(PAIR_AMBER, COLOR_YELLOW, -1);
    (void)init_pair(PAIR_GOOD, COLOR_GREEN, -1);
}

int theme_attribute(enum role role)
{
    return coloured ? (int)roles[role].colour | COLOR_PAIR((int)roles[role].pair) : (int)roles[role].mono;
}
