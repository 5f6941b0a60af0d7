#!/bin/sh
# Runs each test given, as many at a time as there are processors, and prints, last, "N passed, N failed" over all of
# them. A test is a cmocka program, whose own closing lines are counted, or a script that ends with "N passed, N failed".
# RUN is put before programs (valgrind); JOBS=1 runs them one after the other; one may take MOST_SECONDS.
if [ "$1" = --one ]; then
    test=$2
    case $test in *.sh) run=sh ;; *) run=$RUN ;; esac
    start=$(date +%s)
    output=$(LC_ALL=C.UTF-8 TZ=Asia/Seoul LANGUAGE=en timeout "${MOST_SECONDS:-600}" $run "$test" 2>&1 < /dev/null)
    status=$?
    count() { printf '%s\n' "$output" | sed -nE "$1" | awk '{s += $1} END {print s + 0}'; }
    p=$(count 's/^\[  PASSED  \] ([0-9]+) test.*/\1/p; s/^([0-9]+) passed, [0-9]+ failed.*/\1/p')
    f=$(count 's/^\[  FAILED  \] ([0-9]+) test.*/\1/p; s/^[0-9]+ passed, ([0-9]+) failed.*/\1/p')
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && ! printf '%s\n' "$output" | grep -q '^skipped:'; then
        f=1 output="$output
$test ran no test"
    fi
    echo "$p $f" > "$RESULTS/$$"
    if [ "$f" -eq 0 ]; then
        printf 'ok    %-44s %4s   %s s\n' "${test#"$BUILD"/}" "$p" $(($(date +%s) - start))
        printf '%s\n' "$output" | grep 'skipped:'
    else
        printf 'FAIL  %s (exit %s)\n%s\n' "$test" "$status" "$output"
    fi
    exit 0
fi
RESULTS=$(mktemp -d)
export RESULTS BUILD RUN
trap 'rm -rf "$RESULTS"' EXIT
printf '%s\n' "$@" | xargs -P "${JOBS:-$(nproc)}" -I '{}' "$0" --one '{}'
cat "$RESULTS"/* | awk '{p += $1; f += $2} END {printf "%d passed, %d failed\n", p, f; exit f > 0 || NR == 0}'
