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

# The watch stops the server itself, so that nobody comes between; if it was cut off, again.
while "$BIN/pg_ctl" -D data status; do
    "$BIN/psql" -qAtX -v ON_ERROR_STOP=1 -h "$FOLDER" -p "$PORT" -U postgres -f watch.sql
    sleep 1
done
leave
