# Runs in FOLDER, with the binaries in BIN, on PORT; the arguments are the server's.
# Says `ready` on standard output, or what went wrong.
set -u
export LC_ALL=C

make() {
    "$BIN/initdb" -D data -U postgres --pwfile=password --auth-local=trust --auth-host=md5 \
        --encoding=UTF8 --locale="$1" --no-sync >>log 2>&1
}

leave() {
    "$BIN/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1
    cd /
    rm -rf "$FOLDER"
}
trap 'leave; exit 1' HUP INT TERM

if ! { make C.UTF-8 || make C; } ||
    ! "$BIN/pg_ctl" -D data -l log -w -t 60 start \
        -o "-h 127.0.0.1 -p $PORT -k '$FOLDER' $*" >/dev/null 2>&1; then
    tail -n 5 log
    leave
    exit 1
fi
echo ready
exec >/dev/null 2>&1
trap - HUP INT TERM

# As the server is: nobody's child, in a session of its own. What ends a whole run ends neither.
if command -v setsid; then
    (setsid sh watch.sh goplt-testing-postgres &)
else
    exec sh watch.sh goplt-testing-postgres
fi
