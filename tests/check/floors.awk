# Reads `file` lines of every source and fails on an #include that DESIGN's table of floors does not allow.
# usage: awk -f floors.awk FILE...
BEGIN {
    uses["base"] = " base "
    uses["care"]     = " care base "
    uses["fhir"]     = " fhir care base "
    uses["store"]    = " store fhir care base "
    uses["sync"]     = " sync store fhir care base "
    uses["views"]    = " views store care base "
    uses["commands"] = " commands sync store fhir care base "
    uses["main"]     = " main commands views sync store fhir care base "
    # A library that belongs to one floor.
    owner["ncurses"] = "views"; owner["curses"] = "views"
    owner["curl/"] = "sync"; owner["pthread"] = "sync"
    owner["sqlite3"] = "store"; owner["sodium"] = "store"
}
function room_of(path) {
    if (path ~ /^src\/main\.c$/) { return "main" }
    if (path ~ /^src\//) { sub(/^src\//, "", path) }
    sub(/\/.*/, "", path)
    return path
}
function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; bad++ }
/^[ \t]*#[ \t]*include/ {
    room = room_of(FILENAME)
    if (match($0, /"[^"]+"/)) {
        included = substr($0, RSTART + 1, RLENGTH - 2)
        if (included !~ /\//) { next }
        target = room_of(included)
        if (included == "sync/worker.h" && room == "views") { next }
        if (index(uses[room], " " target " ") == 0) { complain(room " may not include " included) }
    } else if (match($0, /<[^>]+>/)) {
        included = substr($0, RSTART + 1, RLENGTH - 2)
        for (library in owner) {
            if (index(included, library) == 1 && owner[library] != room) {
                complain("<" included "> belongs to " owner[library] ", not to " room)
            }
        }
        # JSON shapes stay out of care, views and store's queries: cJSON comes through base/json.h only.
        if (included ~ /^cjson\// && room != "base") { complain("cJSON comes through base/json.h") }
    }
}
/json_(parse|member|text|object|array)\(/ {
    room = room_of(FILENAME)
    if (room == "care" || room == "views") { complain(room " knows no JSON") }
}
/(SELECT|INSERT INTO|UPDATE|DELETE FROM) [a-z_*]+/ {
    room = room_of(FILENAME)
    if ($0 ~ /"[^"]*(SELECT |INSERT INTO |DELETE FROM )/ && room != "store") { complain("SQL belongs to store, not to " room) }
}
END { exit bad > 0 }
