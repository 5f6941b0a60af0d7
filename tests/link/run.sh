#!/bin/sh
# doorstep against a real HAPI FHIR through a slow link: 64 kbit/s each way, 600 ms, 3 % loss, and every 20 s a cut that ends
# what was connected. First caseload, one visit, a sync with nothing new; each next to curl fetching the same from the
# same server through the same link. Prints a table and, last, "N passed, N failed".
# usage: run.sh BUILD-FOLDER     RATE, DELAY, LOSS, CUT_EVERY, SEED and PATIENTS change the link and the caseload
build=$1
here=$(cd "$(dirname "$0")" && pwd)
rate=${RATE:-64000} delay=${DELAY:-600} loss=${LOSS:-3} cut_every=${CUT_EVERY:-20} seed=${SEED:-1} patients=${PATIENTS:-6}
near=doorstep-near far=doorstep-far near_address=10.219.0.1 far_address=10.219.0.2
skip() { echo "skipped: $1"; exit 0; }

[ "$(id -u)" = 0 ] || skip 'a slow link needs root for its network namespaces'
[ -c /dev/net/tun ] || skip 'a slow link needs /dev/net/tun'
command -v ip > /dev/null || skip 'a slow link needs the ip command (iproute2)'
for tool in node npm javac mvn curl openssl; do command -v $tool > /dev/null || skip "HAPI FHIR needs $tool"; done
ip netns add $near 2> /dev/null || skip 'this machine does not let network namespaces be made'

work=$(mktemp -d) || exit 1
processes=
. "$here/../interop/peers.sh"
finish() {
    stop $processes
    ip netns del $near 2> /dev/null
    ip netns del $far 2> /dev/null
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM
export LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul DOORSTEP_HOME="$work/home" DOORSTEP_PASSPHRASE_FILE="$work/passphrase"

passed=0 failed=0
check() { # WORDS COMMAND...
    words=$1
    shift
    if "$@" > "$work/said" 2>&1; then passed=$((passed + 1)) && echo "ok    $words"; else
        failed=$((failed + 1)) && echo "FAIL  $words" && head -c 2000 "$work/said"
    fi
}
peer_maven hapi-server
case $? in 0) ;; 2) skip 'HAPI FHIR (there is no network to download it)' ;; *) cat "$peers/hapi-server.log"; exit 1 ;; esac

# --- the server beyond the link ------------------------------------------------------------------------------
ip netns add $far || exit 1
ip netns exec $far ip link set lo up
"$build/tests/link/link" $near $far "$rate" "$delay" "$loss" "$cut_every" 2 "$seed" > "$work/link" 2>&1 &
processes=$!
tries=0
until grep -q ready "$work/link"; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] && kill -0 "$processes" || { cat "$work/link"; exit 1; }
    sleep 0.1
done
end() { # NAMESPACE ADDRESS PEER
    ip netns exec "$1" ip address add "$2" peer "$3" dev slow0 && ip netns exec "$1" ip link set slow0 mtu 1400 up
}
end $near $near_address $far_address && end $far $far_address $near_address || exit 1
far_run() { ip netns exec $far "$@"; }
near_run() { ip netns exec $near "$@"; }
within="ip netns exec $far"
(peer_java hapi-server -Xmx1g peer.Main) > "$work/hapi" 2>&1 &
hapi=$!
processes="$processes $hapi"
origin=$(listening "$work/hapi" $hapi 180) || { tail -40 "$work/hapi"; exit 1; }
mkdir "$work/wire" "$work/home" && chmod 700 "$work/home"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=link -addext "subjectAltName=IP:$far_address" \
    -keyout "$work/key" -out "$work/authority" 2> "$work/said" || { cat "$work/said"; exit 1; }
cat "$work/key" "$work/authority" > "$work/certificate"
printf '[sync]\nca-file = %s\n' "$work/authority" > "$work/config"
CERTIFICATE=$work/certificate LISTEN=$far_address ip netns exec $far node "$here/../interop/wire.mjs" "$origin" "$work/wire" > "$work/wire.out" 2>&1 &
processes="$processes $!"
base=$(listening "$work/wire.out" $! 30)/fhir || { cat "$work/wire.out"; exit 1; }
"$build/practice" --patients "$patients" --days 7 > "$work/caseload.ndjson"
load() {
    node "$here/../interop/compare.mjs" bundles "$work/caseload.ndjson" 50 "$work" || return 1
    for batch in "$work"/batch-*.json; do
        far_run curl -sSf --max-time 120 -H 'Content-Type: application/fhir+json' --data-binary "@$batch" \
            -o "$work/answer-${batch##*/batch-}" "$origin/fhir" || return 1
    done
    node "$here/../interop/compare.mjs" taken "$work"/answer-*
}
check 'the server takes the practice caseload' load

# --- what is timed ----------------------------------------------------------------------------------------------
seconds() { date +%s.%N; }
doorstep() { near_run "$build/doorstep" --config "$work/config" --user practice "$@"; }
# until_synced: as often as it takes, at most 40 times; $runs says how often
until_synced() {
    runs=1
    until doorstep sync --json > "$work/synced" 2> "$work/why"; do
        [ $? = 4 ] && [ $runs -lt 40 ] || { cat "$work/why" "$work/synced"; return 1; }
        runs=$((runs + 1))
    done
}
# The same by curl, on one connection: each page that the server gave, once, and each body that it got, in a request of its
# own; each tried until it answers.
fetch() {
    requests=$work/requests.$1
    endpoint=${base#*://*/}
    {
        sort -u "$requests" | sed -n 's/^GET //p' | grep -vx "/$endpoint" | sed "s|.*|url = \"${base%/fhir}&\"|"
        number=0
        while IFS= read -r line; do
            number=$((number + 1))
            printf '%s' "$line" | gzip -9 > "$work/body-$number"
            printf 'next\nurl = "%s"\ndata-binary = "@%s"\nheader = "Content-Encoding: gzip"\nheader = "Content-Type: application/fhir+json"\n' \
                "$base" "$work/body-$number"
        done < "$work/sent.$1"
    } | awk 'NR > 1 || $0 != "next"' | every_time > "$work/plan"
    near_run curl -K "$work/plan" > "$work/fetched"
}
# every_time: what is said to curl once holds for the requests up to the next "next" only
every_time() {
    awk -v authority="$work/authority" 'function say() {
            print "silent\nshow-error\ncompressed\nretry = 100\nretry-all-errors\nretry-delay = 1\nspeed-time = 20\nspeed-limit = 1"
            print "cacert = \"" authority "\"\nheader = \"Accept: application/fhir+json\"\nheader = \"Cache-Control: no-cache\"" }
        NR == 1 { say() }
        { print }
        $0 == "next" { say() }'
}
number() { sed -n "s/.*\"$1\":[ ]*\([0-9.]*\).*/\1/p" "$work/synced"; }
printf '%s\n' "link: $rate bit/s, $delay ms, $loss % loss, a cut every $cut_every s (seed $seed); $patients patients"
# timed NAME WORDS
timed() {
    : > "$work/wire/requests"; rm -f "$work/wire/sent.ndjson"
    began=$(seconds)
    check "$2" until_synced
    ended=$(seconds)
    cp "$work/wire/requests" "$work/requests.$1"
    cp "$work/wire/sent.ndjson" "$work/sent.$1" 2> /dev/null || : > "$work/sent.$1"
    again=$(seconds)
    check "$2: the same by curl" fetch "$1"
    awk -v name="$1" -v ours="$ended $began" -v theirs="$(seconds) $again" -v runs="$runs" -v asked="$(wc -l < "$work/requests.$1")" \
        'BEGIN { split(ours, a, " "); split(theirs, b, " ");
                 printf "%-16s %6.1f s in %d runs, %d requests; curl %6.1f s; %.2f times\n", name, a[1]-a[2], runs, asked, b[1]-b[2], (a[1]-a[2])/(b[1]-b[2]) }'
}

printf 'practice kitchen table\n' > "$work/passphrase"
enrolled() {
    tries=0
    until doorstep enroll --server "$base" --practitioner nurse-practice --caseload Group/caseload-practice; do
        tries=$((tries + 1))
        [ $tries -lt 5 ] || return 1
    done
}
check 'a nurse enrols through it' enrolled
timed caseload 'the first caseload arrives'
listed() { [ "$(doorstep patients --json | grep -o '"id"' | wc -l)" = "$patients" ]; }
check 'every patient is there' listed
cat > "$work/visit.json" <<VISIT
{"vitals": {"bp": "142/88", "pulse": "91", "rr": "18", "spo2": "96", "oxygen": "air", "consciousness": "A", "temp": "36.9", "pain": "3"},
 "note": {"template": "soap", "s": "Slept well. 잘 잤어요. よく眠れた。", "o": "Alert, warm, no oedema.", "a": "Stable.", "p": "Weigh daily."},
 "consents": [{"purpose": "share-record", "decision": "permit", "by": "patient", "method": "verbal-witnessed"}],
 "identity": "name and birth date", "sign": true}
VISIT
signed() { doorstep visit patient-001 --file "$work/visit.json" --json > "$work/visit"; }
check 'a visit is signed' signed
timed visit 'the visit leaves'
once() { # asked at the server itself
    far_run curl -sSf -H 'Cache-Control: no-cache' "$origin/fhir/Encounter?subject=Patient/patient-001&_count=500" > "$work/encounters"
    [ "$(grep -c "$(sed -n 's/.*"visit": *"\([^"]*\)".*/\1/p' "$work/visit")" "$work/encounters")" = 1 ]
}
check 'the server has it once' once
timed nothing-new 'a sync with nothing new'
check 'nothing waits' eval '[ "$(doorstep outbox --json)" = "[]" ]'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
