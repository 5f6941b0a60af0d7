# Sourced by run.sh and kills.sh: a working folder, counting, and peers that are started and stopped. $1 is the build
# folder.
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
export LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul
unset DOORSTEP_HOME XDG_DATA_HOME XDG_CONFIG_HOME
umask 077
. "$here/peers.sh"
. "$here/journey.sh"

processes=
finish() {
    stop $processes
    if [ "${KEEP:-0}" = 1 ]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM

passed=0 failed=0 skipped=0 name=peers
# check WORDS COMMAND...: the command succeeds; when it does not, what it said is shown
check() {
    what=$1
    shift
    if "$@" > "$work/said" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %s: %s\n' "$name" "$what"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s: %s\n' "$name" "$what"
        head -c 4000 "$work/said" | sed 's/^/      /'
    fi
}
skip() {
    skipped=$((skipped + 1))
    printf 'skipped: %s\n' "$1"
}
# fails_with FILE: a check that fails, with the end of a log
fails_with() { tail -n 40 "$1"; return 1; }
compare() { node "$here/compare.mjs" "$@"; }
totals() {
    if [ $((passed + failed)) -eq 0 ]; then
        echo "0 passed, 0 failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

# obtain HOW PEER WHAT: builds a peer; false when it is not to be had
obtain() {
    "$1" "$2"
    case $? in
    0) return 0 ;;
    2) skip "$3 (there is no network to download it)" ;;
    *) check "$3 is built" fails_with "$peers/$2.log" ;;
    esac
    return 1
}

# start NAME COMMAND...: in the background; what it says goes to $work/NAME.out
start() {
    file=$work/$1.out
    shift
    : > "$file"
    "$@" > "$file" 2>&1 &
    processes="$processes $!"
}
# ready NAME PROCESS: $url is where it listens; a failed check when it does not
ready() {
    url=$(listening "$work/$1.out" "$2" 180) || { check "starts" fails_with "$work/$1.out"; return 1; }
}
# connect URL: puts a wire before the server $name; $through is its near end, $wire its folder
connect() {
    wire=$work/$name.wire
    mkdir "$wire"
    start "$name-wire" node "$here/wire.mjs" "$1" "$wire"
    through=$(listening "$work/$name-wire.out" $! 60)
}
# load URL TOKEN: the practice caseload, in batches
load() {
    for batch in "$work"/batch-*.json; do
        curl -sS --max-time 120 -H 'Content-Type: application/fhir+json' ${2:+-H "Authorization: Bearer $2"} \
            --data-binary "@$batch" -o "$work/answer-${batch##*/batch-}" "$1" || return 1
    done
    compare taken "$work"/answer-*
}
