# Runs in FOLDER, beside the server whose binaries are in BIN: stops it when nobody uses it any more, and
# removes the folder.
set -u
export LC_ALL=C

leave() {
    "$BIN/pg_ctl" -D data -m immediate -w stop
    cd /
    rm -rf "$FOLDER"
}
trap 'leave; exit 1' HUP INT TERM

# The watch stops the server itself, so that nobody comes between; if it was cut off, again.
while "$BIN/pg_ctl" -D data status; do
    "$BIN/psql" -qAtX -v ON_ERROR_STOP=1 -h "$FOLDER" -p "$PORT" -U postgres -f watch.sql
    sleep 1
done
leave
