# Sourced by run.sh: gets the peers, builds them below $build/peers, starts and stops them.
# Downloads go there and to the caches of Maven and npm; once they are there, no network is needed.

peers=$build/peers

# Copies the wiring of one peer below $build; true when it must be built (again).
peer_copy() {
    sum=$(cd "$here/../peers/$1" &&
        find . \( -name target -o -name node_modules \) -prune -o -type f -print | sort | xargs cksum | cksum)
    [ "$(cat "$peers/$1/.built" 2>/dev/null)" = "$sum" ] && return 1
    rm -rf "${peers:?}/$1"
    mkdir -p "$peers" && cp -R "$here/../peers/$1" "$peers/$1"
}
peer_done() { printf '%s\n' "$sum" > "$peers/$1/.built"; }
no_network() {
    grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED' "$1" ||
        grep -qE 'Unknown host|No plugin found for prefix|Could not transfer|Cannot access|No route to host' "$1" ||
        grep -qE 'Connect(ion)? (to|timed|refused)' "$1"
}

# peer_maven NAME, peer_npm NAME: 0 ready, 1 failed ($peers/NAME.log tells), 2 not to be had without a network.
peer_maven() {
    peer_copy "$1" || return 0
    log=$peers/$1.log
    for offline in -o ''; do
        # shellcheck disable=SC2086
        if (cd "$peers/$1" && mvn -q -B -Dstyle.color=never $offline compile dependency:build-classpath \
            -Dmdep.outputFile=cp.txt) > "$log" 2>&1; then
            peer_done "$1"
            return 0
        fi
    done
    ! no_network "$log" || return 2
    return 1
}
peer_npm() {
    peer_copy "$1" || return 0
    log=$peers/$1.log
    if (cd "$peers/$1" && npm ci --prefer-offline --no-audit --no-fund --fetch-retries=1) > "$log" 2>&1; then
        peer_done "$1"
        return 0
    fi
    ! no_network "$log" || return 2
    return 1
}

# peer_java NAME OPTIONS... CLASS WORDS...   ($within: a command to run it by, as in a network namespace)
peer_java() {
    name=$1
    shift
    # shellcheck disable=SC2086
    exec ${within:-} java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -cp "$peers/$name/target/classes:$(cat "$peers/$name/cp.txt")" "$@"
}

# listening FILE PROCESS SECONDS: waits for "listening on URL" and prints the URL.
listening() {
    tries=0
    until sed -n 's/^listening on //p' "$1" | grep .; do
        tries=$((tries + 1))
        [ $tries -lt $(($3 * 10)) ] && kill -0 "$2" 2>/dev/null || return 1
        sleep 0.1
    done
}

# stop PROCESS...: ends processes that were started here, hard after five seconds.
stop() {
    for process in "$@"; do
        kill "$process" 2>/dev/null || continue
        tries=0
        while kill -0 "$process" 2>/dev/null && [ $tries -lt 50 ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
        kill -9 "$process" 2>/dev/null
        wait "$process" 2>/dev/null
    done
}
