#!/bin/sh
# usage: mutants.sh [SEEDS [FIRST]]
# Breaks the client on purpose, one line at a time, in a copy of the sources, and lets the simulator look for it. Prints
# for each how many of the seeds caught it; fails when one is caught by none, not even of six times as many, or when a line
# to break is not there.
seeds=${1:-300}
first=${2:-1}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/doorstep-mutants-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/tests" && cp -R "$root/Makefile" "$root/src" "$root/sync" "$work" || exit 1
for folder in sim loopback store sync support; do
    cp -R "$root/tests/$folder" "$work/tests" || exit 1
done
cd "$work" || exit 1
# Broken code may leave variables unused.
build() { make --no-print-directory -j2 BUILD=build WARNINGS=-w SAY=@: build/tests/sim/sim; }
build || { echo 'the simulator does not build'; exit 1; }
bad=0
if ! build/tests/sim/sim --seeds "$seeds" --first "$first" > plain.txt; then
    grep '^seed' plain.txt | head -3
    echo 'the client fails as it is: what is caught below may be that'
fi

# mutant NAME FILE EXPRESSION: EXPRESSION (of sed -E) has to change exactly one line.
mutant() {
    cp "$2" original
    sed -E "$3" original > "$2"
    changed=$(diff original "$2" | grep -c '^<')
    if [ "$changed" -ne 1 ]; then
        echo "$1: the expression changes $changed lines of $2 instead of one"
        bad=1
    elif ! build > build.txt 2>&1; then
        echo "$1: does not build"
        cat build.txt
        bad=1
    else
        tried=$seeds
        build/tests/sim/sim --seeds "$tried" --first "$first" > out.txt
        caught=$(sed -nE 's/^[0-9]+ seeds, ([0-9]+) failed.*/\1/p' out.txt)
        if [ "${caught:-0}" -eq 0 ]; then # what takes several things at once
            tried=$((seeds * 6))
            build/tests/sim/sim --seeds "$tried" --first "$first" > out.txt
            caught=$(sed -nE 's/^[0-9]+ seeds, ([0-9]+) failed.*/\1/p' out.txt)
        fi
        law=$(sed -nE 's/^BROKEN +([0-9]+)  (.*)/\1 \2/p' out.txt | sort -rn | sed -n 's/^[0-9]* //p' | head -1)
        printf '%-62s caught by %4d of %d seeds, mostly as: %s\n' "$1" "${caught:-0}" "$tried" "$law"
        [ "${caught:-0}" -gt 0 ] || bad=1
    fi
    cp original "$2"
}

# In every one of the rows that were sent.
each='for (size_t i = 0; i < batch->count; i++)'
row='push->sync->store, batch->rows[i]->number'

mutant 'gt in place of ge' sync/charts.c \
    's/&_lastUpdated=ge/\&_lastUpdated=gt/'
mutant 'no overlap' sync/charts.c \
    's/^#define OVERLAP .*/#define OVERLAP 0/'
mutant 'no ifNoneExist' sync/push_build.c \
    's/row->uuid, row->if_none_exist, error/row->uuid, NULL, error/'
mutant 'sent again before it is asked for' sync/push_ask.c \
    's/: row->attempts > 0 \&\& row->http_status == 0;/: false;/'
mutant 'a change sent before its target is asked for' sync/push_ask.c \
    's/return row->is_update \? !push->merging :/return row->is_update ? false :/'
mutant 'no If-Match' sync/push_build.c \
    's/row->id, row->base_version, error/row->id, "", error/'
mutant 'the cursor saved before the page' sync/charts.c \
    's/^(    enum status status = read_cursors\(pulling, since, error\);)$/\1 if (status == STATUS_OK \&\& pulling->group->known) { status = finish_group(pulling, error); }/'
mutant 'complete before the last page' sync/charts.c \
    's/^(    pulling->group->arrived\[place\] = true;)$/\1 if (record_set_complete(pulling->sync->store, patient, true, error) != STATUS_OK) { return STATUS_FAILED; }/'
mutant 'answers paired by position' sync/push_settle.c \
    's/bool carries = .*;/bool carries = false;/'
mutant 'a lost reply taken for a refusal' sync/push.c \
    "s/^    return give_up\(push, batch, status, error\);/$each { (void)record_refuse($row, 500, \"no answer\", error); } return STATUS_OK;/"
mutant 'a lost reply taken for success' sync/push.c \
    "s/^    return give_up\(push, batch, status, error\);/$each { status = record_accept($row, \"\", \"1\", error); } return status;/"
mutant "an entry's status not looked at" sync/push_settle.c \
    's/if \(entry->status < 300\) \{/if (entry->status < 600) {/'
mutant 'what was being sent is not sent again after a crash' sync/push.c \
    's/enum status status = outbox_recover\(sync->store, error\);/enum status status = STATUS_OK;/'
mutant 'known by id, without the version' src/store/record.c \
    's/\(arrival->found && arrival->row\.same_body\)\) \{/arrival->found) {/'
mutant "the device's clock in the cursor" sync/pull.c \
    's/(instant_format_utc\(pulling\.cursor, sizeof pulling\.cursor, )result->server_clock < now .*/\1now);/'
mutant 'only the first page is read' sync/pages.c \
    's/walk_note\(walk, bundle_next\(bundle\), error\)/walk_note(walk, NULL, error)/'
mutant 'less than the server counts taken for all' sync/pages.c \
    's/last && came < walk->total/false/'
mutant 'a missing entry looked for behind the position' sync/charts.c \
    's/pulling->position\.reached == INSTANT_NONE\) \{/true) {/'
mutant 'a 404 taken for a deletion of own work' sync/compare.c \
    's/bool forgotten = ours && .*;/bool forgotten = false;/'
mutant 'what waits keeps an id that a restored server forgot' src/store/record_forgotten.c \
    's/status = waiting_name_ours\(store, row, error\);/status = STATUS_OK;/'
mutant 'ids and versions are never compared' sync/pull.c \
    's/status = versions_check\(pulling, .*;/status = STATUS_OK;/'
exit $bad
