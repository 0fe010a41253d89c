#!/usr/bin/env bash
# What an answer of callroute costs: cold, with nothing kept from earlier runs, and
# warm, with everything.
#
#   bench/answers.sh [-n RUNS] [SYSTEM... -- PROGRAM [COMMAND...]]
#
# SYSTEM is flags of callroute that say what is studied, such as -f FILE or --src
# DIR; without them it is the engine of this repository, and `engine run`. The table
# has the medians of RUNS of each: cpu and wall seconds, and peak memory.
set -euo pipefail

runs=3
if [ "${1-}" = -n ]; then runs=$2; shift 2; fi
system=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do system+=("$1"); shift; done
[ $# -gt 0 ] && shift
here=$(cd "$(dirname "$0")/.." && pwd)
[ ${#system[@]} -gt 0 ] || system=(--src "$here")
[ $# -gt 0 ] || set -- engine run

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$here" && go build -o "$work/" ./cmd/callroute ./bench/measure)

cold="CALLROUTE_CACHE=\$(mktemp -d -p $work) exec $work/callroute \"\$@\""
warm="CALLROUTE_CACHE=$work/kept exec $work/callroute \"\$@\""
code='"$@" >/dev/null'

echo "$(go version), $(nproc) processors, $(sed -n 's/^model name[^:]*: //p;' /proc/cpuinfo 2>/dev/null | head -1)"
echo "callroute trace ${system[*]} $*"
echo
"$work/measure" -table -n "$runs" \
	"trace, cold" sh -c "$code" sh sh -c "$cold" sh trace "${system[@]}" "$@" :: \
	"trace, warm" sh -c "$code" sh sh -c "$warm" sh trace "${system[@]}" "$@" :: \
	"commands, warm" sh -c "$code" sh sh -c "$warm" sh commands "${system[@]}" "$1" :: \
	"trace --code, warm" sh -c "$code" sh sh -c "$warm" sh trace --code "${system[@]}" "$@"
