#!/bin/sh
# check.sh [PROGRAM]: the practice caseload is repeatable, whole, tells its stories, and is valid FHIR R4.
# DOORSTEP_VALIDATOR names a folder with target/classes and cp.txt of the HAPI validator; without it, or
# without Java, that one check is left out and said so.
set -eu
export LC_ALL=C TZ=UTC

practice=${1:-${BUILD:-build}/practice}
now=2026-11-25T12:00:00Z
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0 passed=0

# expect WORDS TEST...: counts a failure when the test does not hold.
expect() {
    words=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        echo "not ok - $words"
        failures=$((failures + 1))
    fi
}
# count TYPE [PATTERN]: resources of the default caseload.
count() {
    grep "^{\"resourceType\":\"$1\"" "$work/a" | grep -c -- "${2:-.}" || true
}
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
fails_with() {
    wanted=$1
    shift
    status=0
    "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$wanted" ] && [ -s "$work/err" ]
}

"$practice" --seed 1 --now $now >"$work/a"
"$practice" --seed 1 --now $now >"$work/b"
"$practice" --seed 2 --now $now >"$work/c"
expect "the same seed and moment give the same bytes" cmp -s "$work/a" "$work/b"
expect "another seed gives others" test "$(cksum <"$work/a")" != "$(cksum <"$work/c")"

# Counts and shape.
for row in Organization:1:1 Practitioner:3:3 Patient:24:24 Location:24:24 RelatedPerson:2:2 Group:1:1 List:1:1 \
    Device:15:40 Condition:40:80 AllergyIntolerance:20:40 Flag:15:40 ServiceRequest:24:24 Goal:24:40 CarePlan:24:24 \
    Task:24:60 MedicationRequest:60:100 MedicationStatement:40:90 Appointment:40:120 Encounter:150:300 \
    Observation:2500:6000 DocumentReference:80:200 DetectedIssue:5:10 Consent:60:120; do
    type=${row%%:*}
    range=${row#*:}
    expect "$type: ${range%:*} to ${range#*:}" between "$(count "$type")" "${range%:*}" "${range#*:}"
done
for language in ko ja en; do
    expect "8 patients speak $language" test "$(count Patient "\"code\":\"$language\"")" -eq 8
done
expect "every Japanese name has its kana" test "$(count Patient '"valueCode":"SYL"')" -eq 8
expect "no id is used twice" test \
    -z "$(sed 's/^{"resourceType":"\([^"]*\)","id":"\([^"]*\)".*/\1 \2/' "$work/a" | sort | uniq -d)"
expect "7 to 9 visits today for the nurse" between \
    "$(grep '^{"resourceType":"Appointment"' "$work/a" | grep 'Practitioner/nurse-practice' | grep -c '"start":"2026-11-25T')" 7 9
expect "no reading lies in the future" test \
    -z "$(sed -n 's/.*"effectiveDateTime":"\([^"]*\)+00:00".*/\1/p' "$work/a" | awk '$0 > "2026-11-25T12:00:00"')"
expect "what is referred to comes before" awk '
    { match($0, /"id":"[^"]*"/); id = substr($0, RSTART + 6, RLENGTH - 7)
      match($0, /^{"resourceType":"[A-Za-z]*"/); type = substr($0, 18, RLENGTH - 18)
      rest = $0
      while (match(rest, /"reference":"[^"]*"/)) {
          if (!(substr(rest, RSTART + 13, RLENGTH - 14) in seen)) { bad = 1 }
          rest = substr(rest, RSTART + RLENGTH)
      }
      seen[type "/" id] = 1 }
    END { exit bad }' "$work/a"

# Stories.
expect "hypoglycaemia of 58 mg/dL" test "$(count Observation '"reference":"Patient/patient-001".*"value":58,"unit":"mg/dL"')" -eq 1
expect "an infection at NEWS2 7" test "$(count Observation '"reference":"Patient/patient-002".*"valueInteger":7')" -eq 1
expect "heart failure at 63.8 kg" test "$(count Observation '"reference":"Patient/patient-003".*"value":63.8,"unit":"kg"')" -eq 1
expect "heart failure from 61.2 kg" between "$(count Observation '"effectiveDateTime":"2026-11-22.*device-003-scale.*"value":61.2,')" 1 1
expect "SpO2 scale 2 is prescribed for one" test "$(count Flag '"code":"spo2-scale-2"')" -eq 1
expect "COPD between 89 and 91 %" test \
    "$(count Observation 'Patient/patient-004.*"code":"2708-6"\|"code":"2708-6".*Patient/patient-004')" -eq \
    "$(count Observation '"code":"2708-6".*Patient/patient-004.*"value":\(89\|90\|91\),"unit":"%"')"
expect "a palliative plan and no resuscitation" test \
    "$(count CarePlan 'patient-005\|"palliative"')$(count Flag 'code-status-dnar.*Patient/patient-005')" = 11
expect "a cuff silent since five days" test \
    "$(sed -n '/device-006-cuff/s/.*"effectiveDateTime":"\([0-9-]*\)T.*/\1/p' "$work/a" | sort | tail -1)" = 2026-11-20
expect "after thirty daily readings" test "$(count Observation '85354-9.*device-006-cuff')" -eq 30
expect "a consent withdrawn" test \
    "$(count Consent '"status":"inactive".*Patient/patient-007')$(count Consent 'Patient/patient-007.*"code":"OPTOUT"')" = 11

# Sizes.
"$practice" --patients 40 --observations 12000 --now $now >"$work/d"
expect "40 patients" test "$(grep -c '^{"resourceType":"Patient"' "$work/d")" -eq 40
expect "12000 observations" test "$(grep -c '^{"resourceType":"Observation"' "$work/d")" -eq 12000
grep '"id":"obs-003-0' "$work/a" >"$work/one"
grep '"id":"obs-003-0' "$work/d" >"$work/other"
expect "a patient stays the same among others" cmp -s "$work/one" "$work/other"

# The Bundle.
"$practice" --bundle --now $now >"$work/bundle"
expect "one entry a resource" test "$(grep -c '"fullUrl":"urn:uuid:' "$work/bundle")" -eq "$(wc -l <"$work/a")"
expect "references are lower-case urn:uuid" test "$(grep -c '"reference":"[^u]\|urn:uuid:[0-9a-f-]*[A-F]' "$work/bundle")" -eq 0

# Bad input.
expect "no patients at all is refused" fails_with 2 "$practice" --patients 0
expect "a moment without a time is refused" fails_with 2 "$practice" --now 2026-11
expect "an unknown word is refused" fails_with 2 "$practice" --people 3
expect "a value that is missing is refused" fails_with 2 "$practice" --seed
expect "a full disk is told" sh -c '! "$1" --now '$now' >/dev/full 2>/dev/null' - "$practice"

# Validity.
if [ -n "${DOORSTEP_VALIDATOR:-}" ] && [ -r "$DOORSTEP_VALIDATOR/cp.txt" ] && command -v java >/dev/null; then
    cp "$work/a" "$work/a.ndjson"
    expect "valid FHIR R4" java -Xmx600m -cp "$DOORSTEP_VALIDATOR/target/classes:$(cat "$DOORSTEP_VALIDATOR/cp.txt")" \
        Validate "$work/a.ndjson"
else
    echo "skipped: valid FHIR R4 (set DOORSTEP_VALIDATOR to the HAPI validator's folder)"
fi

echo "$passed passed, $failures failed"
[ "$failures" -eq 0 ]
