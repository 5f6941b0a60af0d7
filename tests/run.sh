#!/bin/sh
# Runs each test given and prints, last, "N passed, N failed" over all of them. A test is a cmocka program, whose own
# closing lines are counted, or a script that ends with "N passed, N failed". RUN is put before programs (valgrind).
passed=0 failed=0
count() { printf '%s\n' "$output" | sed -nE "$1" | awk '{s += $1} END {print s + 0}'; }
for test in "$@"; do
    case $test in *.sh) run=sh ;; *) run=$RUN ;; esac
    output=$(LC_ALL=C.UTF-8 TZ=Asia/Seoul LANGUAGE=en timeout 600 $run "$test" 2>&1 < /dev/null)
    status=$?
    p=$(count 's/^\[  PASSED  \] ([0-9]+) test.*/\1/p; s/^([0-9]+) passed, [0-9]+ failed.*/\1/p')
    f=$(count 's/^\[  FAILED  \] ([0-9]+) test.*/\1/p; s/^[0-9]+ passed, ([0-9]+) failed.*/\1/p')
    s=$(count 's/^.*skipped: (.*)$/1/p')
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ "$status" -eq 0 ] && [ "$p" -eq 0 ] && [ "$s" -eq 0 ]; then f=1; output="$output
$test ran no test"; fi
    passed=$((passed + p)) failed=$((failed + f))
    if [ "$f" -eq 0 ]; then
        printf 'ok    %-44s %s\n' "${test#"$BUILD"/}" "$p"
        printf '%s\n' "$output" | grep 'skipped:'
    else
        printf 'FAIL  %s (exit %s)\n%s\n' "$test" "$status" "$output"
    fi
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
