# Removes what the engine has, and stops it.
for container in $(engine ps --all --quiet); do
	engine unpause "$container" 2>/dev/null || true
	engine rm --force --volumes "$container"
done
kill "$(cat "$CALLROUTE_DIR/exec/engined.pid")"
for try in $(seq 100); do
	[ -e "$CALLROUTE_DIR/exec/engined.pid" ] || break
	sleep 0.1
done
find /sys/fs/cgroup -depth -type d -name callroute-verify -exec rmdir {} \;
