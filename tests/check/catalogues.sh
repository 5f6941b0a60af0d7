#!/bin/sh
# Every string of the program is in every catalogue, translated, and its conversions fit.
# usage: catalogues.sh TEMPLATE CATALOGUE...
template=$1; shift
bad=0
for catalogue in "$@"; do
    msgfmt --check --statistics -o /dev/null "$catalogue" 2>&1 | grep -E 'untranslated|fuzzy|error' && {
        echo "$catalogue: has strings that are not translated: see msgattrib --untranslated $catalogue"; bad=1; }
    msgcmp --use-untranslated "$catalogue" "$template" 2>&1 | grep -v '^msgcmp: found' && {
        echo "$catalogue: lacks strings of the program: run make catalogues, then translate them"; bad=1; }
done
exit $bad
