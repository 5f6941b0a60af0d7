#!/bin/sh
# Every string of the program is in every catalogue, translated, with the same conversions; nothing is left over; and the
# labels fit their places: 10 columns in the footer, 8 beside a vital. usage: catalogues.sh TEMPLATE CATALOGUE...
export LC_ALL=C.UTF-8
template=$1; shift
bad=0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
say() { echo "$1"; bad=1; }

fits() { # columns, msgid...: each is shorter than that in $language
    most=$1; shift
    for text in "$@"; do
        word=$(TEXTDOMAINDIR=$folder LANGUAGE=$language gettext doorstep "$text")
        columns=$(printf %s "$word" | wc -L)
        [ "$columns" -le "$most" ] || say "$catalogue: \"$word\" ($text) takes $columns columns, there is room for $most"
    done
}

[ $# -gt 0 ] || say "there is no catalogue"
for catalogue in "$@"; do
    language=$(basename "$catalogue" .po)
    mkdir -p "$folder/$language/LC_MESSAGES"
    msgfmt --check -o "$folder/$language/LC_MESSAGES/doorstep.mo" "$catalogue" || bad=1
    msgattrib --only-fuzzy "$catalogue" | grep . && say "$catalogue: has fuzzy strings, above"
    grep -n '^#~' "$catalogue" && say "$catalogue: has strings the program does not have: run make catalogues"
    msgcmp "$catalogue" "$template" 2> "$folder/said" || {
        grep -v 'not used' "$folder/said"; say "$catalogue: lacks strings of the program: run make catalogues, then translate them"; }
    # The labels of views/commands.def and the short ones of src/care/vital.c, one argument each.
    IFS='
'
    # shellcheck disable=SC2046
    fits 10 $(sed -nE 's/^COMMAND\([^"]*"[^"]*", *"[^"]*", *N_\("([^"]*)"\).*/\1/p' views/commands.def)
    # shellcheck disable=SC2046
    fits 8 $(sed -nE 's/^ *\[VITAL_[A-Z0-9_]+\] = .*, N_\("([^"]*)"\), (N_\()?"[^"]*"\)?, [0-9]\}.*/\1/p' src/care/vital.c)
    unset IFS
done
exit $bad
