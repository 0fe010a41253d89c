#!/usr/bin/env bash
# Times the engine beside dockerd on this machine: the same docker CLI, the same
# image, one after the other. Needs root, hyperfine, and dockerd and containerd
# on PATH; builds the engine into bin/ first.
#
#     bench/engine.sh [-n RUNS] [-e]
#
# -n  runs of each command (default 20)
# -e  drive our engine with its own CLI instead of docker's
set -euo pipefail
cd "$(dirname "$0")/.."

runs=20
cli=docker
while getopts n:e option; do
  case $option in
    n) runs=$OPTARG ;;
    e) cli=bin/engine ;;
    *) exit 2 ;;
  esac
done
[ "$(id -u)" = 0 ] || { echo "bench/engine.sh: needs root, to run containers" >&2; exit 2; }
for tool in docker dockerd containerd hyperfine busybox; do
  command -v $tool >/dev/null || { echo "bench/engine.sh: $tool is missing" >&2; exit 2; }
done
make --silent build

dir=$(mktemp -d)
net=bench-$$
ip netns add "$net"
nsenter --net=/run/netns/"$net" ip link set lo up
cleanup() {
  trap - EXIT
  for pid in $(cat "$dir"/*.pid 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
  for _ in $(seq 100); do
    alive=
    for pid in $(cat "$dir"/*.pid 2>/dev/null); do kill -0 "$pid" 2>/dev/null && alive=1; done
    [ -n "$alive" ] || break
    sleep 0.1
  done
  ip netns del "$net"
  umount -R "$dir"/*/* 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

# An image of one static busybox, as docker save writes it.
mkdir -p "$dir/root/bin" "$dir/image"
cp "$(command -v busybox)" "$dir/root/bin/busybox"
for applet in true sleep sh; do ln -s busybox "$dir/root/bin/$applet"; done
tar -C "$dir/root" -cf "$dir/image/layer.tar" .
sum=$(sha256sum "$dir/image/layer.tar" | cut -d' ' -f1)
echo '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$sum"'"]}}' > "$dir/image/config.json"
echo '[{"Config":"config.json","RepoTags":["busybox:latest"],"Layers":["layer.tar"]}]' > "$dir/image/manifest.json"
tar -C "$dir/image" -cf "$dir/busybox.tar" manifest.json config.json layer.tar

# start NAME COMMAND...: a daemon on $dir/NAME.sock.
start() {
  local name=$1
  shift
  mkdir -p "$dir/$name"
  nsenter --net=/run/netns/"$net" "$@" --data-root "$dir/$name/data" --exec-root "$dir/$name/exec" \
    -H "unix://$dir/$name.sock" >"$dir/$name.log" 2>&1 &
  echo $! > "$dir/$name.pid"
  for _ in $(seq 100); do
    docker -H "unix://$dir/$name.sock" version >/dev/null 2>&1 && break
    sleep 0.1
  done
  docker -H "unix://$dir/$name.sock" load --quiet -i "$dir/busybox.tar" >/dev/null
  docker -H "unix://$dir/$name.sock" run -d --name bench --network none busybox sleep 100000 >/dev/null
}
start dockerd dockerd --pidfile "$dir/dockerd/pid" --bridge none --iptables=false --ip-masq=false
start engined bin/engined --log-level warn

# compare TITLE COMMAND: with prepare set, that is done before each run, untimed.
compare() {
  echo "== $1"
  local before=()
  if [ -n "${prepare:-}" ]; then
    before=(--prepare "docker -H unix://$dir/dockerd.sock $prepare || true" --prepare "docker -H unix://$dir/engined.sock $prepare || true")
  fi
  hyperfine --warmup 3 --runs "$runs" --export-json "$dir/result.json" "${before[@]}" \
    -n dockerd "docker -H unix://$dir/dockerd.sock $2" -n engined "$cli -H unix://$dir/engined.sock $2" >/dev/null 2>"$dir/err" || { cat "$dir/err" >&2; exit 1; }
  jq -r '.results as $r | ($r[] | "\(.command): median \(.median * 1000 | round) ms, \(.min * 1000 | round) to \(.max * 1000 | round)"),
    "engined / dockerd: \($r[1].median / $r[0].median * 100 | round / 100)"' "$dir/result.json"
}
compare "run --rm --network none busybox true" "run --rm --network none busybox true"
compare "update" "update --cpu-shares 512 bench"
compare "info" "info"
prepare="unpause bench" compare "pause" "pause bench"
for name in dockerd engined; do docker -H "unix://$dir/$name.sock" unpause bench >/dev/null || true; done
compare "exec true" "exec bench true"
for name in dockerd engined; do
  docker -H "unix://$dir/$name.sock" create --name made --network none busybox sleep 100000 >/dev/null
  docker -H "unix://$dir/$name.sock" run --name lines --network none busybox sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done' >/dev/null
done
prepare="stop -t 0 made" compare "start" "start made"
compare "logs of 20,000 lines" "logs lines"

# memory PID: resident kilobytes of a process.
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
# child PID WORD: the process below another whose program has the word in its name.
child() { pgrep -P "$1" -f "$2" | head -1; }
echo "== memory with two containers, kB"
for name in dockerd engined; do
  daemon=$(cat "$dir/$name.pid")
  containerd=$(child "$daemon" containerd)
  shim=$(pgrep -f "shim.*$dir/$name" | head -1)
  echo "$name: daemon $(memory "$daemon"), containerd $(memory "$containerd"), a shim $(memory "$shim")"
done
