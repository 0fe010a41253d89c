# Starts an engine with everything under $CALLROUTE_DIR, and waits until it answers.
cd "$CALLROUTE_DIR"
(cd "$CALLROUTE_SRC" && CGO_ENABLED=0 go build -trimpath -o "$CALLROUTE_DIR/toolbox" ./cmd/toolbox)
./toolbox image -o toolbox.tar
engined --data-root data --exec-root exec --host "unix://$PWD/s" --seed-image "$PWD/toolbox.tar" --cgroup-parent callroute-verify >engined.log 2>&1 &
echo "ENGINE_HOST=unix://$PWD/s" >>"$CALLROUTE_ENV"
for try in $(seq 100); do
	ENGINE_HOST="unix://$PWD/s" engine version >/dev/null 2>&1 && exit 0
	sleep 0.2
done
tail -1 engined.log
exit 1
