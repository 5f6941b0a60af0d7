#!/bin/sh
# The store on SQLCipher 4: builds it from the source that the crate libsqlite3-sys carries, passes the store's tests
# with it, and opens a record made under Debian's SQLCipher 3 with it, and the other way round.
# usage: sqlcipher4.sh BUILD-FOLDER   (its doorstep and practice are built)
build=$1
folder=$build/sqlcipher4
crate=0.30.1
passed=0 failed=0
check() { # WORDS COMMAND...
    words=$1
    shift
    if "$@" > "$folder/output" 2>&1; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        printf 'FAIL %s\n' "$words"
        cat "$folder/output"
    fi
}

source=$folder/vendor/libsqlite3-sys/sqlcipher
if ! [ -e "$source/sqlite3.c" ]; then
    rm -rf "$folder" && mkdir -p "$folder/src" && : > "$folder/src/lib.rs"
    cat > "$folder/Cargo.toml" <<CRATE
[package]
name = "sqlcipher-source"
version = "0.0.0"
[dependencies]
libsqlite3-sys = "=$crate"
CRATE
    if ! (cd "$folder" && cargo vendor > vendor.log 2>&1); then
        cat "$folder/vendor.log"
        echo 'skipped: the source of SQLCipher 4 is not to be had without a network'
        exit 0
    fi
fi
if ! [ -e "$folder/libsqlcipher.so" ]; then
    # The options that Debian builds SQLCipher with, as far as doorstep needs them.
    ${CC:-gcc} -O2 -w -fPIC -shared -o "$folder/libsqlcipher.so" "$source/sqlite3.c" -DSQLITE_HAS_CODEC -DSQLITE_TEMP_STORE=2 \
        -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_THREADSAFE=1 -DSQLITE_SECURE_DELETE \
        -lcrypto -lpthread -ldl -lm || exit 1
fi
cat > "$folder/sqlcipher.pc" <<PC
Name: sqlcipher
Description: SQLCipher 4 from its source
Version: 4
Libs: -L$folder -Wl,-rpath,$folder -lsqlcipher
Cflags: -I$source
PC
export PKG_CONFIG_PATH="$folder"
make --no-print-directory -s BUILD="$folder/build" "$folder/build/doorstep" > "$folder/make.log" 2>&1 || { cat "$folder/make.log"; exit 1; }
check 'the program runs on SQLCipher 4' eval 'ldd "$folder/build/doorstep" | grep -F "$folder/libsqlcipher.so"'
DOORSTEP_SQLCIPHER_4=1 make --no-print-directory -s BUILD="$folder/build" tests-store > "$folder/tests.log" 2>&1 ||
    cat "$folder/tests.log"
counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$folder/tests.log") || exit 1
passed=$((passed + ${counts%% *})) counts=${counts% failed} failed=$((failed + ${counts##* }))

# --- a record goes from one to the other -------------------------------------------------------------------
printf 'practice kitchen table\n' > "$folder/passphrase"
"$build/practice" > "$folder/caseload.ndjson"
export DOORSTEP_PASSPHRASE_FILE="$folder/passphrase" LC_ALL=C.UTF-8 LANGUAGE=en TZ=Asia/Seoul
goes() { # FROM TO
    rm -rf "$folder/home" && mkdir -m 700 "$folder/home"
    check "enrolling with $1" "$1/doorstep" --home "$folder/home" enroll --name Practice
    check "importing with $1" "$1/doorstep" --home "$folder/home" import "$folder/caseload.ndjson"
    "$1/doorstep" --home "$folder/home" patients --json > "$folder/before"
    for one in "$2" "$1"; do
        "$one/doorstep" --home "$folder/home" patients --json > "$folder/after"
        check "$one sees the patients of $1" cmp "$folder/before" "$folder/after"
        check "$one finds the audit trail of $1 whole" "$one/doorstep" --home "$folder/home" audit --verify
        check "$one takes in what is new" "$one/doorstep" --home "$folder/home" import "$folder/caseload.ndjson"
    done
}
goes "$build" "$folder/build"
goes "$folder/build" "$build"
rm -rf "$folder/home"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
