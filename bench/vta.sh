#!/usr/bin/env bash
# Compares callroute, cold, with x/tools' callgraph -algo=vta on one program.
#
#   bench/vta.sh [-n RUNS] TREE PACKAGE [COMMAND...]
#
# TREE is a source tree that is already there, PACKAGE a main package in it as
# ./cmd/name, COMMAND what to trace. The table gives cpu and wall seconds and
# peak memory of each run, the medians, and callroute's share of callgraph's.
#
# callroute loads a tree without go.mod as it is. callgraph does not: for a
# tree of the GOPATH era lay it out as GOPATH/src/IMPORTPATH, give that folder
# as TREE, and set
#
#   CALLGRAPH_ENV="GO111MODULE=off GOFLAGS= GOPATH=/folder/of/that/layout"
#
# and for one with only a vendor folder CALLGRAPH_ENV="GOFLAGS=-mod=vendor".
# CALLGRAPH_PACKAGE names the package to callgraph where ./cmd/name does not,
# CALLGRAPH_FLAGS holds flags for it, such as the -tags without which a package
# that needs C headers stops it.
set -euo pipefail

runs=3
if [ "${1-}" = -n ]; then runs=$2; shift 2; fi
if [ $# -lt 2 ]; then sed -n '2,4p' "$0" >&2; exit 2; fi
tree=$(cd "$1" && pwd); package=$2; shift 2

here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(
	cd "$here"
	go build -o "$work/" ./cmd/callroute ./bench/measure
	GOBIN=$work go install golang.org/x/tools/cmd/callgraph@v0.52.0
)

# A new cache folder for each run makes callroute cold. The build cache, which
# both use through the go command, stays.
cold='XDG_CACHE_HOME=$(mktemp -d) exec "$@"'
export TMPDIR=$work GOCACHE=${GOCACHE:-$(go env GOCACHE)}

# shellcheck disable=SC2086 # CALLGRAPH_ENV is a list of words
"$work/measure" -n "$runs" -dir "$tree" \
	callgraph env ${CALLGRAPH_ENV-} "$work/callgraph" -algo=vta ${CALLGRAPH_FLAGS-} "${CALLGRAPH_PACKAGE:-$package}" :: \
	callroute sh -c "$cold" sh "$work/callroute" trace --src "$tree" "$(basename "$package")" "$@"
