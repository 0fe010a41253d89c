# Starts the daemons of relay for `callroute verify`, and waits until they answer.
cd "$CALLROUTE_DIR"
sorter >sorter.log 2>&1 &
relayd >relayd.log 2>&1 &
for try in $(seq 100); do
	relay read anna >/dev/null 2>&1 && exit 0
	sleep 0.1
done
cat ./*.log
exit 1
