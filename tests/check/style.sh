#!/bin/sh
# What the compiler does not say: banned calls, file sizes, header comments, unfinished work, machine paths.
# usage: style.sh FILE...   (sources and headers of the program and its tests)
export LC_ALL=C.UTF-8 # columns are characters
bad=0
say() { echo "$1"; bad=1; }
for file in "$@"; do
    lines=$(wc -l < "$file")
    [ "$lines" -le 600 ] || say "$file: $lines lines; past 600 a file is split by meaning"
    case $file in
    tests/*/test_*) ;; # a test's name says what it tests
    *) head -1 "$file" | grep -q '^/\*' || say "$file: does not open with a comment that says what it is for" ;;
    esac
done
grep -nE '\b(system|popen|alloca|strcpy|strcat|sprintf|gets|strtok|atoi|gmtime|localtime)[[:space:]]*\(' "$@" |
    grep -vE ':[[:space:]]*(/?\*|//)' && say "banned calls, above"
grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "$@" && say "unfinished work, above"
grep -nE '"/(work|root)/' "$@" && say "a path of one machine, above"
grep -nP '\t' "$@" && say "tabs, above"
grep -nE '.{141,}' "$@" && say "lines past 140 columns, above"
exit $bad
