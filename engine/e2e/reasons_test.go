package e2e

// The ways in which a command can be different.
const anotherError = "other words of an error"

// reasons are the differences that may be between engined and Debian's dockerd
// 20.10: why, and in commands with which parts.
var reasons = []struct {
	reason   string
	how      string // in which way, "" is any
	commands []string
}{
	{"with criu this docker freezes the container and then fails; the engine is given none in this test, and says so", "", []string{
		"checkpoint create cp1 one", "}}' cp1", "checkpoint ls cp1", "kill cp1",
	}},
	{"docker 28 says it in these words; the engine speaks its API", anotherError, []string{
		"rm s1", "rm pr", "rm m1", "update --restart", "ps -a --filter health=foo", "ps -a --filter exited=abc", "ps -a --filter since=nosuch",
		"ps -a --filter before=nosuch", "network rm nf", "network rm nc", "--cpu-shares -1", "network create ''", "10.50.0.0/16 nb",
		"--ip 10.60.0.1", "--ip 172.17.0.99", "--ip 1.2.3.4", "-p 1.2.3.4:18888:80",
	}},
	{"docker 28 exits with 127 and says it in these words", "", []string{"exec e1 nosuch", "exec -w /nosuch", "exec m1 ''"}},
	{"the kernel has the weight with another scheduler, bfq, and the runtime sets it; docker looks for cfq's alone", "", []string{
		"run --rm --blkio-weight 300", "--blkio-weight 5", "--blkio-weight-device",
	}},
	{"docker 28 does it", "", []string{"STOPSIGNAL", "cm:1"}},
	{"docker 28 numbers its API so, and calls its own profile and networks so", "", []string{".MinAPIVersion", ".InsecureRegistryCIDRs"}},
	{"docker 28 writes these lines so", "", []string{"-h box busybox cat /etc/hosts"}},
	{"docker 28 mounts a folder read-only with all that is mounted below it", "", []string{"$DIR/tree:/x:ro"}},
	{"the runtime is of runc 1.5, and says more than Debian's of 1.1", "", []string{
		"start $ID", "run --rm busybox nosuch", "run --rm busybox /etc/passwd", "--entrypoint nosuch", "exec m1 /etc", `mount | grep -E "^(proc`,
	}},
	{"the machine's own rights are all that there are: docker asks for more and fails", "", []string{"--privileged", "--cap-add ALL --cap-drop SYS_ADMIN"}},
	{"docker tells what is mounted below as changed; diff is about the container's own files, and its order is that of names", "", []string{"diff df"}},
	{"images are kept by containerd's snapshotter, as by docker's daemon since 29, and that is its name", "", []string{".GraphDriver", ".Driver}} {{.Platform"}},
	{"a container that cannot run is refused when it is made; this docker makes it, and it stays", "", []string{
		"create --gpus all", "create --log-driver journald", "info -f '{{.Containers}}", "ps -a --format '{{.Names}} {{.Status}}'", "ps -a --filter name=t",
		"ps -a --filter ancestor=busybox", "ps -a --filter before=three", "ps -aq --no-trunc", "--sysctl net.core.somaxconn=128 --network host",
		"--log-opt max-size=abc", "--log-opt max-file=0", "80/sctp",
	}},
	{"docker keeps the volumes of a container that it refused", "", []string{"volume prune -f"}},
	{"the engine has these drivers, and no others", "", []string{".Plugins", "create -d ipvlan", "create -d overlay"}},
	{"docker keeps the place of a container that could not be connected", "", []string{".NetworkSettings.Networks}}' nu3"}},
	{"the message is of the parser of addresses", anotherError, []string{"10.50.0.0/33", "publish=abc"}},
	{"without an order in docker either: by the endpoints' IDs", "", []string{"range .Containers"}},
}
