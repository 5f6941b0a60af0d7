#!/bin/sh
# Exercises the loopback server from outside, with curl. usage: check.sh [PROGRAM]   (default build/loopback)
# Prints what failed and, last, "N passed, N failed".
program=${1:-${BUILD:-build}/loopback}
work=$(mktemp -d) || exit 1
server=
passed=0 failed=0
umask 077
LC_ALL=C.UTF-8 TZ=Asia/Seoul
export LC_ALL TZ

stop() { # and looks at how it ended
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null
    wait "$server"
    stopped=$?
    server=
    if [ $stopped -ne 0 ] || [ -s "$work/err" ]; then
        failed=$((failed + 1))
        printf 'FAIL  clean end: exit %s\n%s\n' "$stopped" "$(cat "$work/err")"
    fi
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# start FLAGS...: a fresh server; sets $base and $control
start() {
    stop
    : >"$work/out"
    "$program" --quiet "$@" >"$work/out" 2>"$work/err" &
    server=$!
    tries=0
    while ! grep -q '^listening on ' "$work/out" && [ $tries -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    base=$(sed -n '1s/^listening on //p' "$work/out")
    control=${base%/fhir}/control
}

# is NAME PATTERN TEXT: the text holds the pattern (extended)
is() {
    if printf '%s\n' "$3" | grep -Eq -- "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL  %s\n  wanted: %s\n  got:    %.600s\n' "$1" "$2" "$3"
    fi
}

# isnt NAME PATTERN TEXT
isnt() {
    if printf '%s\n' "$3" | grep -Eq -- "$2"; then
        failed=$((failed + 1))
        printf 'FAIL  %s\n  not wanted: %s\n  got:    %.600s\n' "$1" "$2" "$3"
    else
        passed=$((passed + 1))
    fi
}

fetch() { curl -s -m 20 -H 'Cache-Control: no-cache' "$@"; }
json() { fetch -H 'Content-Type: application/fhir+json' "$@"; }
post() { json "$1" --data-binary "$2"; }
put() { json -X PUT "$1" --data-binary "$2"; }
status() { fetch -o /dev/null -w '%{http_code}' "$@"; }
fault() { curl -s "$control" --data-binary "$1"; }
clear_faults() { curl -s -X DELETE "$control"; }
# Occurrences of a text.
count_of() { printf '%s' "$2" | grep -oF -- "$1" | wc -l | tr -d ' '; }
# fails CODE ARGUMENTS...: what curl's exit status is, as text
outcome() { fetch -o /dev/null "$@"; echo "exit $?"; }

patient() { printf '{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"%s"}]}' "$1"; }
observation() { # patient-id code
    printf '{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"%s"}]}' "$2"
    printf ',"subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-11-20T09:00:00+09:00"}' "$1"
}

# --- start, capability, create, read --------------------------------------------------------------
start
is 'first line' '^http://127\.0\.0\.1:[0-9]+/fhir$' "$base"
text=$(fetch "$base/metadata")
is 'metadata: transactions' '"code":"transaction"' "$text"
is 'metadata: conditional create' '"conditionalCreate":true' "$text"
is 'metadata: versioned update' '"versioning":"versioned-update"' "$text"
is 'metadata: search parameters' '"type":"Appointment"[^]]*\][^]]*"name":"actor","type":"reference"' "$text"

text=$(json -i "$base/Patient" --data-binary '{"resourceType":"Patient","id":"mine","identifier":[{"system":"urn:mrn","value":"1"}],"extension":[{"url":"http://example.org/x","valueDecimal":1.500},{"url":"http://example.org/y","valueDecimal":0.10}]}')
is 'create: 201' '^HTTP/1.1 201' "$text"
is 'create: the server gives the id' '"id":"1000"' "$text"
is 'create: etag' '^ETag: W/"1"' "$text"
is 'create: location' "^Location: $base/Patient/1000/_history/1" "$text"
is 'create: digits kept' '1\.500.*0\.10' "$text"
is 'create: time with milliseconds' '"lastUpdated":"[0-9T:-]+\.[0-9]{3}Z"' "$text"
is 'read' '"versionId":"1"' "$(fetch "$base/Patient/1000")"
is 'read: unknown is 404' 404 "$(status "$base/Patient/nobody")"
is 'read: unknown type is 404' 404 "$(status "$base/Patent/1")"
is 'read: not modified' 304 "$(status -H 'If-None-Match: W/"1"' "$base/Patient/1000")"
is 'head' '^HTTP/1.1 200' "$(fetch -I "$base/Patient/1000")"
is 'conditional create: match is 200' '200' "$(status -H 'If-None-Exist: identifier=urn:mrn|1' -H 'Content-Type: application/fhir+json' "$base/Patient" --data-binary "$(patient 1)")"
is 'conditional create: none is 201' '201' "$(status -H 'If-None-Exist: identifier=urn:mrn|2' -H 'Content-Type: application/fhir+json' "$base/Patient" --data-binary "$(patient 2)")"
post "$base/Patient" "$(patient 2)" >/dev/null
is 'conditional create: several is 412' '412' "$(status -H 'If-None-Exist: identifier=urn:mrn|2' -H 'Content-Type: application/fhir+json' "$base/Patient" --data-binary "$(patient 2)")"
is 'minimal answer is empty' '^0$' "$(json -o /dev/null -w '%{size_download}' -H 'Prefer: return=minimal' "$base/Patient" --data-binary "$(patient 3)")"
is 'wrong content type is 400' 400 "$(status -H 'Content-Type: text/plain' "$base/Patient" --data-binary "$(patient 4)")"
is 'application/json is fine' 201 "$(status -H 'Content-Type: application/json' "$base/Patient" --data-binary "$(patient 4)")"
is 'cut JSON is 400' 'OperationOutcome.*HAPI-0450' "$(post "$base/Patient" '{"resourceType":"Patient"')"
is 'wrong type is 400' 'Incorrect resource type' "$(post "$base/Patient" '{"resourceType":"Group"}')"

# --- update, versions, delete, history ------------------------------------------------------------
is 'update: version 2' '"versionId":"2"' "$(put "$base/Patient/1000" '{"resourceType":"Patient","id":"1000","meta":{"tag":[{"system":"urn:t","code":"a"}]},"active":true}')"
is 'update: nothing changed keeps the version' '"versionId":"2"' "$(put "$base/Patient/1000" '{"resourceType":"Patient","id":"1000","meta":{"versionId":"9","tag":[{"system":"urn:t","code":"a"}]},"active":true}')"
is 'update: tags stay' '"versionId":"3".*"tag":\[\{"system":"urn:t","code":"a"\}\].*"active":false' "$(put "$base/Patient/1000" '{"resourceType":"Patient","id":"1000","active":false}')"
is 'update: stale If-Match is 409' 409 "$(status -X PUT -H 'If-Match: W/"1"' -H 'Content-Type: application/fhir+json' "$base/Patient/1000" --data-binary '{"resourceType":"Patient","id":"1000","active":true}')"
is 'update: right If-Match' 200 "$(status -X PUT -H 'If-Match: W/"3"' -H 'Content-Type: application/fhir+json' "$base/Patient/1000" --data-binary '{"resourceType":"Patient","id":"1000","active":true}')"
is 'update: If-Match is a whole number' 409 "$(status -X PUT -H 'If-Match: W/"44"' -H 'Content-Type: application/fhir+json' "$base/Patient/1000" --data-binary '{"resourceType":"Patient","id":"1000","active":false}')"
text=$(json -i -X PUT "$base/Patient/new-one" --data-binary '{"resourceType":"Patient","id":"new-one"}')
is 'upsert: 201' '^HTTP/1.1 201' "$text"
isnt 'upsert: no Location' '^Location' "$text"
is 'upsert: Content-Location' '^Content-Location: .*/Patient/new-one/_history/1' "$text"
is 'upsert: all digits is 400' HAPI-0960 "$(put "$base/Patient/77" '{"resourceType":"Patient","id":"77"}')"
is 'update: other id in the body is 400' HAPI-0420 "$(put "$base/Patient/new-one" '{"resourceType":"Patient","id":"x"}')"
is 'conditional update: creates' 201 "$(status -X PUT -H 'Content-Type: application/fhir+json' "$base/Group?identifier=urn:g%7C1" --data-binary '{"resourceType":"Group","identifier":[{"system":"urn:g","value":"1"}]}')"
is 'conditional update: updates' '"versionId":"2"' "$(put "$base/Group?identifier=urn:g%7C1" '{"resourceType":"Group","identifier":[{"system":"urn:g","value":"1"}],"active":true}')"
is 'vread' '"versionId":"1".*1\.500' "$(fetch "$base/Patient/1000/_history/1")"
is 'vread: none is 404' 404 "$(status "$base/Patient/1000/_history/99")"
is 'delete' 200 "$(status -X DELETE "$base/Patient/new-one")"
is 'delete: again is 200' 200 "$(status -X DELETE "$base/Patient/new-one")"
is 'read: deleted is 410' 410 "$(status "$base/Patient/new-one")"
is 'vread: older version of a deleted one' 200 "$(status "$base/Patient/new-one/_history/1")"
isnt 'search: deleted is gone' new-one "$(fetch "$base/Patient?_count=200")"
text=$(fetch "$base/Patient/new-one/_history")
is 'history: newest first, deletion without resource' '"entry":\[\{"fullUrl":"[^"]*","request":\{"method":"DELETE","url":"Patient/new-one/_history/2"\}' "$text"
is 'history: etag' '"etag":"W/\\"2\\""' "$text"
is 'revival: 201 and version 3' '^HTTP/1.1 201.*' "$(json -i -X PUT "$base/Patient/new-one" --data-binary '{"resourceType":"Patient","id":"new-one"}')"
since=$(fetch "$base/Patient/new-one" | sed 's/.*"lastUpdated":"\([^"]*\)".*/\1/')
text=$(fetch "$base/Patient/_history?_since=$since")
is 'history: since' '"total":1,' "$text"
is 'history: since includes the instant' 'Patient/new-one/_history/3' "$text"
isnt 'history: of the type only' '/Group/' "$(fetch "$base/Patient/_history?_count=200")"
is 'history: of the server' '/Group/' "$(fetch "$base/_history?_count=200")"
text=$(fetch "$base/Patient/_history?_count=2")
is 'history: next by offset' '"relation":"next","url":"[^"]*_count=2&_offset=2"' "$text"

# --- search --------------------------------------------------------------------------------------
post "$base/Practitioner" '{"resourceType":"Practitioner"}' >/dev/null
nurse=$(fetch "$base/Practitioner" | sed 's/.*"fullUrl":"[^"]*\/\([0-9]*\)".*/\1/')
put "$base/Patient/p1" "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"generalPractitioner\":[{\"reference\":\"Practitioner/$nurse\"}]}" >/dev/null
put "$base/Patient/p2" '{"resourceType":"Patient","id":"p2"}' >/dev/null
for day in 20 21 22 23; do
    post "$base/Appointment" "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"start\":\"2026-11-${day}T09:00:00+09:00\",\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"}},{\"actor\":{\"reference\":\"Practitioner/$nurse\"}}]}" >/dev/null
done
for code in 8867-4 9279-1 8867-4; do post "$base/Observation" "$(observation p1 $code)" >/dev/null; done
post "$base/Observation" "$(observation p2 8867-4)" >/dev/null
put "$base/Provenance/v1" '{"resourceType":"Provenance","id":"v1","target":[{"reference":"Patient/p1/_history/1"}]}' >/dev/null

total() { fetch "$base/$1" | sed 's/.*"total":\([0-9]*\).*/\1/'; }
is 'search: _id' '^2$' "$(total 'Patient?_id=p1,p2,absent')"
is 'search: identifier' '^1$' "$(total 'Patient?identifier=urn:mrn%7C3')"
is 'search: identifier without system' '^1$' "$(total 'Patient?identifier=3')"
is 'search: identifier, several' '^2$' "$(total 'Patient?identifier=urn:mrn%7C3,urn:mrn%7C4')"
is 'search: patient' '^3$' "$(total 'Observation?patient=p1')"
is 'search: patient with type' '^3$' "$(total 'Observation?patient=Patient/p1')"
is 'search: patient with base' '^3$' "$(total "Observation?patient=$base/Patient/p1")"
is 'search: patients' '^4$' "$(total 'Observation?patient=p1,p2')"
is 'search: subject' '^1$' "$(total 'Observation?subject=Patient/p2')"
is 'search: two parameters' '^2$' "$(total 'Observation?patient=p1&code=http://loinc.org%7C8867-4')"
is 'search: status' '^4$' "$(total 'Appointment?status=booked')"
is 'search: _tag' '^1$' "$(total 'Patient?_tag=urn:t%7Ca')"
is 'search: general-practitioner' '^1$' "$(total "Patient?general-practitioner=Practitioner/$nurse")"
is 'search: actor' '^4$' "$(total "Appointment?actor=Practitioner/$nurse")"
is 'search: practitioner' '^4$' "$(total "Appointment?practitioner=$nurse")"
is 'search: appointments of a patient' '^4$' "$(total 'Appointment?patient=p1')"
is 'search: date range in local days' '^2$' "$(total 'Appointment?date=ge2026-11-21&date=le2026-11-22')"
is 'search: date with offset' '^2$' "$(total 'Appointment?date=gt2026-11-21T09:00:00%2B09:00')"
is 'search: one day' '^1$' "$(total 'Appointment?date=2026-11-20')"
is 'search: bad date is 400' 400 "$(status "$base/Appointment?date=geyesterday")"
is 'search: target of a provenance' '^1$' "$(total 'Provenance?target=Patient/p1')"
is 'search: _lastUpdated' '^0$' "$(total 'Patient?_lastUpdated=gt2099-01-01')"
is 'search: _lastUpdated twice' '"total":[1-9]' "$(fetch "$base/Patient?_lastUpdated=ge$since&_lastUpdated=lt2099-01-01")"
is 'search: _summary=count' '"total":4,"link":\[[^]]*\]\}$' "$(fetch "$base/Observation?_summary=count")"
is 'search: _count=0 tells the total' '"total":4' "$(fetch "$base/Observation?_count=0")"
text=$(fetch "$base/Observation?_elements=id,meta")
is 'search: _elements' '"SUBSETTED"' "$text"
isnt 'search: _elements leaves out the rest' 'effectiveDateTime|subject' "$text"
is 'search: unknown parameter is 400' HAPI-0524 "$(fetch "$base/Patient?nickname=x")"
is 'search: a parameter of another type is 400' 400 "$(status "$base/Practitioner?patient=p1")"
is 'search: unknown sort is 400' 400 "$(status "$base/Patient?_sort=colour")"
is 'search: nothing found has no entry' '"total":0,"link":\[[^]]*\]\}$' "$(fetch "$base/Patient?_id=absent")"
is 'search: sort descending' '2026-11-23.*2026-11-22.*2026-11-21.*2026-11-20' "$(fetch "$base/Appointment?_sort=-date")"
is 'search: sort by _lastUpdated' '2026-11-20.*2026-11-21.*2026-11-22.*2026-11-23' "$(fetch "$base/Appointment?_sort=_lastUpdated")"
is 'search: form' '"total":3' "$(fetch "$base/Observation/_search" --data 'patient=p1')"

for i in $(seq 1 45); do printf '{"resourceType":"Basic","id":"b%s","code":{"text":"x"}}\n' "$i"; done >"$work/many.ndjson"
start --load "$work/many.ndjson"
text=$(fetch "$base/Basic?_count=20&_sort=_lastUpdated")
isnt 'paging: no total at first' '"total"' "$text"
is 'paging: _total=accurate' '"total":45' "$(fetch "$base/Basic?_count=20&_total=accurate")"
all=$text
pages=1
while next=$(printf '%s' "$text" | sed -n 's/.*"relation":"next","url":"\([^"]*\)".*/\1/p') && [ -n "$next" ] && [ $pages -lt 9 ]; do
    [ $pages -eq 1 ] && fetch -X DELETE "$base/Basic/b30" >/dev/null
    text=$(fetch "$next")
    all="$all $text"
    pages=$((pages + 1))
done
is 'paging: three pages' '^3$' "$pages"
is 'paging: opaque link' '\?_getpages=[0-9a-f-]{36}&_getpagesoffset=20&_count=20&_bundletype=searchset' "$all"
is 'paging: total on the last page' '"total":45' "$text"
is 'paging: every row once, without the one deleted meanwhile' '^44 44$' "$(printf '%s' "$all" | grep -o '"fullUrl":"[^"]*"' | sort | uniq | wc -l | tr -d ' ') $(count_of '"fullUrl"' "$all")"
is 'paging: unknown token is 410' HAPI-0417 "$(fetch "$base?_getpages=00000000-0000-4000-8000-000000000000&_getpagesoffset=20")"
is 'load: one lastUpdated for a file' '^1$' "$(curl -s "$control/resources" | grep -o '"lastUpdated":"[^"]*"' | sort -u | wc -l | tr -d ' ')"
curl -s "$base/Basic?_summary=count" >/dev/null
put "$base/Basic/late" '{"resourceType":"Basic","id":"late"}' >/dev/null
text=$(curl -s -i "$base/Basic?_summary=count")
is 'search cache: old result within a minute' '"total":44' "$text"
is 'search cache: says so' '^X-Cache: HIT' "$text"
is 'search cache: no-cache gives the truth' '"total":45' "$(fetch "$base/Basic?_summary=count")"

# --- transactions --------------------------------------------------------------------------------
visit() { # patient-uuid condition-value observation-subject
    printf '{"resourceType":"Bundle","type":"transaction","entry":['
    printf '{"fullUrl":"urn:uuid:o","resource":{"resourceType":"Observation","status":"final","subject":{"reference":"%s"}},"request":{"method":"POST","url":"Observation","ifNoneExist":"identifier=urn:o|%s"}},' "$3" "$2"
    printf '{"fullUrl":"urn:uuid:%s","resource":{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"%s"}]},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:mrn|%s"}}]}' "$1" "$2" "$2"
}
start
text=$(post "$base" "$(visit 11111111-aaaa-4aaa-8aaa-111111111111 50 urn:uuid:11111111-AAAA-4aaa-8aaa-111111111111)")
is 'transaction: response' '"type":"transaction-response"' "$text"
is 'transaction: created, in the order of the entries' '"status":"201 Created","location":"Observation/[0-9]+/_history/1","etag":"1","lastModified":"[^"]*","outcome".*"location":"Patient/' "$text"
is 'transaction: urn:uuid in any case is rewritten' '"reference":"Patient/[0-9]+"' "$(fetch "$base/Observation")"
is 'transaction: one lastUpdated' '^1$' "$(curl -s "$control/resources" | grep -o '"lastUpdated":"[^"]*"' | sort -u | wc -l | tr -d ' ')"
text=$(post "$base" "$(visit 11111111-aaaa-4aaa-8aaa-111111111111 50 urn:uuid:11111111-aaaa-4aaa-8aaa-111111111111)")
is 'transaction: the match is 200 without lastModified' '"status":"200 OK","location":"Patient/[0-9]+/_history/1","etag":"1","outcome"' "$text"
is 'transaction: repeated, nothing twice' '^1$' "$(count_of '"resourceType":"Patient"' "$(curl -s "$control/resources?type=Patient")")"
text=$(post "$base" "$(visit 2 60 Patient/absent)")
is 'transaction: dangling reference is refused' 'HAPI-1094.*"expression":\["Bundle.entry\[0\].resource"\]' "$text"
is 'transaction: and nothing is stored' '"total":0' "$(fetch "$base/Patient?identifier=urn:mrn%7C60")"
is 'transaction: unresolved urn is 400' 400 "$(status -H 'Content-Type: application/fhir+json' "$base" --data-binary "$(visit 2 60 urn:uuid:3)")"
is 'transaction: conditional reference' '201 Created' "$(post "$base" "$(visit 2 61 'Patient?identifier=urn:mrn|50')")"
is 'transaction: conditional reference without match is 404' 404 "$(status -H 'Content-Type: application/fhir+json' "$base" --data-binary "$(visit 2 62 'Patient?identifier=urn:mrn|none')")"
is 'transaction: external reference is 400' HAPI-0507 "$(post "$base" "$(visit 2 62 http://example.org/Patient/1)")"
is 'transaction: own base in a reference' '201 Created' "$(post "$base" "$(visit 2 63 "$base/$(fetch "$base/Patient?identifier=50" | sed 's/.*"fullUrl":"[^"]*\/\(Patient\/[0-9]*\)".*/\1/')")")"
isnt 'transaction: own base is made relative' '"reference":"http' "$(curl -s "$control/resources")"
two='{"resource":{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"70"}]},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:mrn|70"}}'
text=$(post "$base" "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[$two,$two]}")
is 'transaction: one condition twice creates twice' '^2$' "$(count_of '201 Created' "$text")"
is 'transaction: one fullUrl twice is 400' 'fullUrl' "$(post "$base" '{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Group"},"request":{"method":"POST","url":"Group"}},{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Group"},"request":{"method":"POST","url":"Group"}}]}')"
is 'transaction: one target twice is 400' 'HAPI-0535' "$(post "$base" '{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Group","id":"g"},"request":{"method":"PUT","url":"Group/g"}},{"resource":{"resourceType":"Group","id":"g"},"request":{"method":"PUT","url":"Group/g"}}]}')"
put "$base/Group/g" '{"resourceType":"Group","id":"g"}' >/dev/null
put "$base/List/l" '{"resourceType":"List","id":"l","entry":[{"item":{"reference":"Group/g"}}]}' >/dev/null
is 'delete: referenced is 409' HAPI-0550 "$(fetch -X DELETE "$base/Group/g")"
text=$(post "$base" '{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"List","id":"l"},"request":{"method":"PUT","url":"List/l","ifMatch":"W/\"7\""}},{"request":{"method":"DELETE","url":"Group/g"}}]}')
is 'transaction: stale ifMatch is a conflict' '"code":"conflict".*HAPI-0989' "$text"
text=$(post "$base" '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"List/l"}},{"resource":{"resourceType":"List","id":"l"},"request":{"method":"PUT","url":"List/l","ifMatch":"W/\"1\""}},{"request":{"method":"DELETE","url":"Group/g"}}]}')
is 'transaction: reference and target go together; reads come last' '"resource":\{"resourceType":"List","id":"l","meta":\{"versionId":"2".*"status":"204 No Content","location":"Group/g/_history/2"' "$text"
text=$(post "$base" '{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Group"},"request":{"method":"POST","url":"Group"}},{"resource":{"resourceType":"Observation","subject":{"reference":"Patient/none"}},"request":{"method":"POST","url":"Observation"}},{"request":{"method":"GET","url":"Patient?_summary=count"}},{"request":{"method":"GET","url":"Patient/none"}},{"request":{"method":"POST"}}]}')
is 'batch: the good entry' '"type":"batch-response","entry":\[\{"response":\{"status":"201 Created"' "$text"
is 'batch: the bad entry' '"status":"400 Bad Request","outcome":\{[^}]*HAPI-1094' "$text"
is 'batch: a search' '"total":[0-9]+.*"status":"200 OK"' "$text"
is 'batch: a failing read, a senseless entry' '"status":"404 Not Found".*"status":"400 Bad Request"' "$text"
is 'other Bundles are 400' HAPI-0527 "$(post "$base" '{"resourceType":"Bundle","type":"collection"}')"
is 'an empty transaction' '"transaction-response"\}$' "$(post "$base" '{"resourceType":"Bundle","type":"transaction"}')"

start --merge-duplicates --max-entries 3 --no-integrity --conflict-status 412
text=$(post "$base" "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[$two,$two]}")
is '--merge-duplicates: fewer entries' '^1$' "$(count_of '"status":' "$text")"
is '--merge-duplicates: one resource' '"total":1' "$(fetch "$base/Patient")"
is '--max-entries' 'more than 3 entries' "$(post "$base" "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[$two,$two,$two,$two]}")"
is '--no-integrity' '201 Created' "$(post "$base" "$(visit 2 60 Patient/absent)")"
put "$base/Group/g" '{"resourceType":"Group","id":"g"}' >/dev/null
is '--conflict-status' 412 "$(status -X PUT -H 'If-Match: W/"9"' -H 'Content-Type: application/fhir+json' "$base/Group/g" --data-binary '{"resourceType":"Group","id":"g","active":true}')"

# --- HTTP ----------------------------------------------------------------------------------------
start --token secret
is 'token: none is 401' '^HTTP/1.1 401' "$(fetch -i "$base/Patient")"
is 'token: wrong is 401' 401 "$(status -H 'Authorization: Bearer secret2' "$base/Patient")"
is 'token: right' 200 "$(status -H 'Authorization: Bearer secret' "$base/Patient")"
is 'token: metadata is open' 200 "$(status "$base/metadata")"
start
patient zip | gzip >"$work/body.gz"
is 'gzip request' 201 "$(status -H 'Content-Type: application/fhir+json' -H 'Content-Encoding: gzip' "$base/Patient" --data-binary "@$work/body.gz")"
head -c 30 "$work/body.gz" >"$work/cut.gz"
is 'cut gzip request is 400' 400 "$(status -H 'Content-Type: application/fhir+json' -H 'Content-Encoding: gzip' "$base/Patient" --data-binary "@$work/cut.gz")"
is 'unknown encoding is 415' 415 "$(status -H 'Content-Type: application/fhir+json' -H 'Content-Encoding: br' "$base/Patient" --data-binary "@$work/body.gz")"
is 'gzip answer' '^Content-Encoding: gzip' "$(fetch -D - -o /dev/null -H 'Accept-Encoding: gzip' "$base/metadata")"
is 'gzip answer is right' '"fhirVersion":"4.0.1"' "$(fetch --compressed "$base/metadata")"
isnt 'plain answer when not accepted' 'Content-Encoding' "$(fetch -D - -o /dev/null "$base/metadata")"
is 'request id comes back' '^X-Request-ID: abc' "$(fetch -I -H 'X-Request-ID: abc' "$base/metadata")"
is 'links follow the Host' 'http://localhost:[0-9]+/fhir/Patient/1000' "$(fetch "$(echo "$base" | sed 's/127.0.0.1/localhost/')/Patient")"
is 'outside /fhir is 404' 404 "$(status "${base%/fhir}/other")"

# --- faults --------------------------------------------------------------------------------------
start
body=$(patient 90)
typed='Content-Type: application/fhir+json'
is 'fault: unknown is 400' 'No such fault' "$(fault '{"fault":"flood"}')"
fault '{"fault":"drop-request","match":"POST /fhir/Patient"}'
is 'drop-request: no answer' 'exit (52|55|56)' "$(outcome -H "$typed" "$base/Patient" --data-binary "$body")"
is 'drop-request: not handled' '"total":0' "$(fetch "$base/Patient")"
is 'drop-request: once' 201 "$(status -H "$typed" "$base/Patient" --data-binary "$body")"
fault '{"fault":"drop-reply","match":"POST /fhir/Patient"}'
is 'drop-reply: no answer' 'exit 52' "$(outcome -H "$typed" "$base/Patient" --data-binary "$(patient 91)")"
is 'drop-reply: handled' '"total":1' "$(fetch "$base/Patient?identifier=91")"
fault '{"fault":"truncate","match":"metadata"}'
is 'truncate' 'exit 18' "$(outcome "$base/metadata")"
fault '{"fault":"truncate","delimited":true,"match":"metadata"}'
is 'truncate, delimited: looks whole' 'exit 0' "$(outcome -o "$work/half" "$base/metadata")"
isnt 'truncate, delimited: is not' '\]\}\]\}$' "$(fetch "$base/metadata" | head -c $(($(fetch "$base/metadata" | wc -c) / 2)) | tail -c 20)"
fault '{"fault":"hang","ms":400}'
is 'hang: held, then answered' '^200 0\.[4-9]|^200 1' "$(fetch -o /dev/null -w '%{http_code} %{time_total}' "$base/metadata")"
fault '{"fault":"hang"}'
is 'hang: for long' 'exit 28' "$(outcome -m 1 "$base/metadata")"
fault '{"fault":"slow","bytes_per_second":1000}'
is 'slow: trickles' '^(0\.9|1\.)[0-9]+ [1-9][0-9]{0,3}$' "$(fetch -m 1 -o /dev/null -w '%{time_total} %{size_download}' "$base/metadata")"
fault '{"fault":"slow","bytes_per_second":1000}'
is 'slow: ends whole' '"resourceType":"Patient".*\}$' "$(fetch "$base/Patient/1000")"
fault '{"fault":"status","status":503,"body":"busy","headers":{"Retry-After":"7","Content-Type":"text/plain"}}'
text=$(fetch -i "$base/metadata")
is 'status' '^HTTP/1.1 503' "$text"
is 'status: header' '^Retry-After: 7' "$text"
is 'status: content type' '^Content-Type: text/plain' "$text"
is 'status: body' '^busy$' "$text"
fault '{"fault":"html"}'
is 'html' '^Content-Type: text/html' "$(fetch -i "$base/metadata")"
fault '{"fault":"not-json"}'
is 'not-json' '\[\{\]\}$' "$(fetch "$base/metadata")"
fault '{"fault":"endless"}'
is 'endless' '^exit (23|28|63) *$' "$(outcome -m 1 "$base/metadata")"
fault '{"fault":"offline","times":2}'
is 'offline: reset' 'exit (52|56)' "$(outcome "$base/metadata")"
is 'offline: control still answers' 'requests' "$(curl -s "$control")"
is 'offline: twice' 'exit (52|56)' "$(outcome "$base/metadata")"
is 'offline: over' 200 "$(status "$base/metadata")"
fault '{"fault":"status","status":500,"after":2,"times":0,"match":"metadata"}'
is 'after, for ever' '200 200 500 500' "$(status "$base/metadata") $(status "$base/metadata") $(status "$base/metadata") $(status "$base/metadata")"
is 'others are spared' 200 "$(status "$base/Patient")"
clear_faults
is 'cleared' 200 "$(status "$base/metadata")"
fault '{"fault":"reject","contains":"poison"}'
poison='{"resourceType":"Bundle","type":"TYPE","entry":[{"resource":{"resourceType":"Group"},"request":{"method":"POST","url":"Group"}},{"resource":{"resourceType":"Group","name":"poison"},"request":{"method":"POST","url":"Group"}}]}'
text=$(json -w ' %{http_code}' "$base" --data-binary "$(echo "$poison" | sed s/TYPE/transaction/)")
is 'reject: 422, a warning first, the entry named' '"warning".*"error".*Bundle.entry\[1\].* 422$' "$text"
is 'reject: nothing stored' '"total":0' "$(fetch "$base/Group")"
is 'reject: of a batch only the entry' '201 Created.*422 Unprocessable' "$(post "$base" "$(echo "$poison" | sed s/TYPE/batch/)")"
is 'reject: a single one' 422 "$(status -H "$typed" "$base/Group" --data-binary '{"resourceType":"Group","name":"poison"}')"
clear_faults
text=$(curl -s "$control")
is 'control: counters' '"requests":[1-9][0-9]*,"bytes_in":[1-9][0-9]*,"bytes_out":[1-9][0-9]*,"methods":\{"GET":[1-9]' "$text"
is 'control: log' '"POST /fhir/Patient drop-request","GET /fhir/Patient 200","POST /fhir/Patient 201","POST /fhir/Patient drop-reply"' "$text"
is 'control: no fault left' '"faults":\[\]' "$text"
isnt 'control: does not count itself' 'control' "$text"
is 'resources as NDJSON' '^2$' "$(curl -s "$control/resources?type=Patient" | grep -c '^{"resourceType":"Patient".*}$')"

# --- start and end -------------------------------------------------------------------------------
fault '{"fault":"hang","times":0}'
curl -s -m 20 -o /dev/null "$base/metadata" &
waiting=$!
sleep 0.2
before=$(date +%s)
stop
wait $waiting
is 'stops at once, also while holding a request' '^0 [0-2]$' "$stopped $(($(date +%s) - before))"
printf '%s\n\n%s\n' '{"resourceType":"Patient","id":"a","multipleBirthInteger":1}' '{"resourceType":"Patient","id":"b","extension":[{"url":"http://example.org/x","valueDecimal":36.60}]}' >"$work/in.ndjson"
start --load "$work/in.ndjson" --load "$work/many.ndjson" --dump "$work/dump.ndjson"
fetch -X DELETE "$base/Patient/a" >/dev/null
stop
is 'dump: what is there at the end' '^46 0 36.60$' "$(wc -l <"$work/dump.ndjson" | tr -d ' ') $(grep -c '"id":"a"' "$work/dump.ndjson") $(grep -o '36.60' "$work/dump.ndjson")"
printf '{"resourceType":"Patient"\n' >"$work/bad.ndjson"
"$program" --quiet --load "$work/bad.ndjson" >"$work/out" 2>"$work/err"
is 'load: a broken line is named' "bad.ndjson:1: " "$(cat "$work/err")"
"$program" --nonsense >/dev/null 2>"$work/err"
is 'usage' '^[^0].*usage: loopback' "$? $(grep usage "$work/err")"

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
