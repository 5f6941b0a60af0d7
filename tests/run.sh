#!/bin/sh
# Runs each test program given; prints its failures and, last, "N passed, N failed" over all of them.
# Every test program is a cmocka group; its own closing lines are counted.
passed=0 failed=0
for program in "$@"; do
    output=$(LC_ALL=C.UTF-8 TZ=Asia/Seoul LANGUAGE=en timeout 300 "$program" 2>&1)
    status=$?
    p=$(printf '%s\n' "$output" | sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' | awk '{s+=$1} END {print s+0}')
    f=$(printf '%s\n' "$output" | sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' | awk '{s+=$1} END {print s+0}')
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ "$status" -eq 0 ] && [ "$p" -eq 0 ]; then f=1; output="$output
$program ran no test"; fi
    passed=$((passed + p)) failed=$((failed + f))
    if [ "$f" -eq 0 ]; then printf 'ok    %-40s %s\n' "${program##*/}" "$p"
    else printf 'FAIL  %s\n%s\n' "$program" "$output"; fi
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
