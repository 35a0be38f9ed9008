#!/usr/bin/env bash
# Start to answer of the command line for x'*A*x: time and peak memory, the median of ten runs each.
#
# The time is that of the shell's clock (EPOCHREALTIME) around one process; the memory is the maximum resident set that
# /usr/bin/time reports.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/release/indicial}
[ -x "$binary" ] || cargo build --release
runs=10

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

answer() { "$binary" diff "x'*A*x" --wrt x >/dev/null 2>&1; }

answer # fills the cache of the file system
time_ms=$(for _ in $(seq $runs); do
  start=${EPOCHREALTIME/[.,]/}
  answer
  end=${EPOCHREALTIME/[.,]/}
  echo $(((end - start)))
done | median | awk '{ printf "%.1f", $1 / 1000 }')
echo "time    $time_ms ms (median of $runs, the shell's clock around the process)"

if [ -x /usr/bin/time ]; then
  memory_mb=$(for _ in $(seq $runs); do
    /usr/bin/time -f %M "$binary" diff "x'*A*x" --wrt x 2>&1 >/dev/null | tail -1
  done | median | awk '{ printf "%.1f", $1 / 1024 }')
  echo "memory  $memory_mb MiB (median of $runs, maximum resident set by /usr/bin/time)"
else
  echo "memory  not measured: /usr/bin/time is missing"
fi
