#!/usr/bin/env bash
# How long the monolith and a hundred generated modules take to start, and the memory they hold.
# Usage: benches/startup.sh [number of warm starts, 20 by default]. Linux, bash, cargo.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-20}

cargo build --quiet --release -p monolith
cargo build --quiet --release -p goplt-benches --example hundred_modules
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Starts the monolith, waits for its ready line, and prints "milliseconds rss_kb peak_kb".
start_monolith() {
    local begun line ready pid
    begun=${EPOCHREALTIME/[.,]/}
    exec 3< <(cd "$folder" && exec "$target/release/monolith" --listen 127.0.0.1:0 --data-dir data 2>>log)
    pid=$!
    while read -r line <&3; do
        [[ $line == "listening on "* ]] && break
    done
    ready=${EPOCHREALTIME/[.,]/}
    awk -v us=$((ready - begun)) '/^VmHWM/ { peak = $2 } /^VmRSS/ { rss = $2 }
        END { printf "%.1f %d %d\n", us / 1000, rss, peak }' "/proc/$pid/status"
    kill -TERM "$pid"
    cat <&3 >"$folder/rest"
    exec 3<&-
}

# The median of column $1.
median() { sort -n -k "$1,$1" | awk -v c="$1" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }

row() { printf '| %-34s | %9s | %10s | %10s |\n' "$@"; }
mib() { awk -v kb="$1" 'BEGIN { printf "%.1f", kb / 1024 }'; }

row "start" "ms" "RSS, MiB" "peak, MiB"
row "---" "---:" "---:" "---:"
read -r ms rss peak < <(start_monolith)
row "monolith, first (seeds 6 users)" "$ms" "$(mib "$rss")" "$(mib "$peak")"
for _ in $(seq "$runs"); do start_monolith; done >"$folder/warm"
row "monolith, warm (median of $runs)" "$(median 1 <"$folder/warm")" \
    "$(mib "$(median 2 <"$folder/warm")")" "$(mib "$(median 3 <"$folder/warm")")"
for _ in $(seq "$runs"); do
    "$target/release/examples/hundred_modules" |
        awk '/^first/ { first = $3; second = $7 } /^VmHWM/ { peak = $2 } /^VmRSS/ { rss = $2 }
            END { print first, second, rss, peak }'
done >"$folder/hundred"
rss=$(mib "$(median 3 <"$folder/hundred")")
peak=$(mib "$(median 4 <"$folder/hundred")")
row "100 modules, first (100 tables)" "$(median 1 <"$folder/hundred")" "$rss" "$peak"
row "100 modules, warm, to an answer" "$(median 2 <"$folder/hundred")" "$rss" "$peak"
