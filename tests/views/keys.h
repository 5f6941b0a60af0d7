/* What the control keys of the visit's screens are called on the wire. */
#ifndef DOORSTEP_TESTS_VIEWS_KEYS_H
#define DOORSTEP_TESTS_VIEWS_KEYS_H

#define BACK "\x02"
#define CONFIRM "\x19"
#define EMPTY "\x15"
#define JOIN "\x18"
#define LOCK "\x0c"
#define NEXT_PART "\x0e"
#define PREVIOUS_PART "\x10"
#define REDO "\x12"
#define SAVE "\x13"
#define SIGN "\x07"
#define SWITCH "\x14"
#define UNDO "\x1a"

#endif
