package cli

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/pflag"
)

// containerFlags are the flags of run and create that say what the container
// is.
type containerFlags struct {
	resources limitFlags
	health    healthFlags
	block     blockFlags

	// The process.
	envFiles          list
	environment       environment
	workdir, user     string
	entrypoint        string
	groups            list
	stdin, tty, init  bool
	attach            checkedList
	stopSignal        string
	stopTimeout       int
	oomScore          int
	ulimits           ulimits
	capAdd, capDrop   list
	securityOpts      list
	privileged        bool
	devices           list
	deviceRules       checkedList
	oomKillDisable    bool
	swappiness        int64
	hostname, domain  string
	pid, ipc, uts     string
	userns, cgroupns  string
	cgroupParent      string
	sysctls           sysctls
	shmSize           memory
	readOnly          bool
	labels, labelFile list
	annotations       settings

	// Files.
	volumes      list
	volumesFrom  list
	volumeDriver string
	mounts       mounts
	tmpfs        list

	// The network.
	network         list
	links           list
	ip, ip6         address
	linkLocal       addresses
	networkAliases  list
	macAddress      string
	publish, expose list
	publishAll      bool
	addHosts        checkedList
	dns             addresses
	dnsOptions      list
	dnsSearch       list

	// Its life.
	remove    bool
	logDriver string
	logOpts   list
	runtime   string
	isolation string
	storage   list
	realtime  struct{ period, runtime int64 }
	cidFile   string
}

// addTo adds the flags to a command's.
func (c *containerFlags) addTo(flags *pflag.FlagSet) {
	c.resources.addTo(flags)
	c.health.addTo(flags)
	c.block.addTo(flags)
	c.addProcess(flags)
	c.addIsolation(flags)
	c.addFiles(flags)
	c.addNetwork(flags)

	flags.BoolVar(&c.remove, "rm", false, "Automatically remove the container and its associated anonymous volumes when it exits")
	flags.StringVar(&c.logDriver, "log-driver", "", "Logging driver for the container")
	flags.Var(&c.logOpts, "log-opt", "Log driver options")
	flags.StringVar(&c.isolation, "isolation", "", "Container isolation technology")
	flags.Var(&c.storage, "storage-opt", "Storage driver options for the container")
	flags.Int64Var(&c.realtime.period, "cpu-rt-period", 0, "Limit CPU real-time period in microseconds")
	flags.Int64Var(&c.realtime.runtime, "cpu-rt-runtime", 0, "Limit CPU real-time runtime in microseconds")
	flags.StringVar(&c.runtime, "runtime", "", "Runtime to use for this container")
	flags.StringVar(&c.cidFile, "cidfile", "", "Write the container ID to the file")
}

func (c *containerFlags) addProcess(flags *pflag.FlagSet) {
	flags.VarP(&c.environment, "env", "e", "Set environment variables")
	flags.Var(&c.envFiles, "env-file", "Read in a file of environment variables")
	flags.StringVarP(&c.workdir, "workdir", "w", "", "Working directory inside the container")
	flags.StringVarP(&c.user, "user", "u", "", "Username or UID (format: <name|uid>[:<group|gid>])")
	flags.StringVar(&c.entrypoint, "entrypoint", "", "Overwrite the default ENTRYPOINT of the image")
	flags.Var(&c.groups, "group-add", "Add additional groups to join")
	flags.BoolVarP(&c.stdin, "interactive", "i", false, "Keep STDIN open even if not attached")
	flags.BoolVarP(&c.tty, "tty", "t", false, "Allocate a pseudo-TTY")
	flags.BoolVar(&c.init, "init", false, "Run an init inside the container that forwards signals and reaps processes")
	c.attach.check = checkStream
	flags.VarP(&c.attach, "attach", "a", "Attach to STDIN, STDOUT or STDERR")
	flags.StringVar(&c.stopSignal, "stop-signal", "", "Signal to stop the container")
	flags.IntVar(&c.stopTimeout, "stop-timeout", 0, "Timeout (in seconds) to stop a container")
	flags.Var(&c.ulimits, "ulimit", "Ulimit options")
	flags.VarP(&c.labels, "label", "l", "Set meta data on a container")
	flags.Var(&c.labelFile, "label-file", "Read in a line delimited file of labels")
	flags.Var(&c.annotations, "annotation", "Add an annotation to the container (passed through to the OCI runtime)")
}

func (c *containerFlags) addIsolation(flags *pflag.FlagSet) {
	flags.BoolVar(&c.oomKillDisable, "oom-kill-disable", false, "Disable OOM Killer")
	flags.IntVar(&c.oomScore, "oom-score-adj", 0, "Tune host's OOM preferences (-1000 to 1000)")
	flags.Int64Var(&c.swappiness, "memory-swappiness", -1, "Tune container memory swappiness (0 to 100)")
	flags.Var(&c.capAdd, "cap-add", "Add Linux capabilities")
	flags.Var(&c.capDrop, "cap-drop", "Drop Linux capabilities")
	flags.Var(&c.securityOpts, "security-opt", "Security Options")
	flags.BoolVar(&c.privileged, "privileged", false, "Give extended privileges to this container")
	flags.Var(&c.devices, "device", "Add a host device to the container")
	c.deviceRules.check = checkDeviceRule
	flags.Var(&c.deviceRules, "device-cgroup-rule", "Add a rule to the cgroup allowed devices list")
	flags.StringVarP(&c.hostname, "hostname", "h", "", "Container host name")
	flags.StringVar(&c.domain, "domainname", "", "Container NIS domain name")
	flags.StringVar(&c.pid, "pid", "", "PID namespace to use")
	flags.StringVar(&c.ipc, "ipc", "", "IPC mode to use")
	flags.StringVar(&c.uts, "uts", "", "UTS namespace to use")
	flags.StringVar(&c.userns, "userns", "", "User namespace to use")
	flags.StringVar(&c.cgroupns, "cgroupns", "", "Cgroup namespace to use (host|private)")
	flags.StringVar(&c.cgroupParent, "cgroup-parent", "", "Optional parent cgroup for the container")
	flags.Var(&c.sysctls, "sysctl", "Sysctl options")
}

func (c *containerFlags) addFiles(flags *pflag.FlagSet) {
	flags.VarP(&c.volumes, "volume", "v", "Bind mount a volume")
	flags.Var(&c.volumesFrom, "volumes-from", "Mount volumes from the specified container(s)")
	flags.StringVar(&c.volumeDriver, "volume-driver", "", "Optional volume driver for the container")
	flags.Var(&c.mounts, "mount", "Attach a filesystem mount to the container")
	flags.Var(&c.tmpfs, "tmpfs", "Mount a tmpfs directory")
	flags.Var(&c.shmSize, "shm-size", "Size of /dev/shm")
	flags.BoolVar(&c.readOnly, "read-only", false, "Mount the container's root filesystem as read only")
}

func (c *containerFlags) addNetwork(flags *pflag.FlagSet) {
	flags.Var(&c.network, "network", "Connect a container to a network (none, host, bridge or container:NAME)")
	flags.Var(&c.network, "net", "Connect a container to a network")
	flags.Lookup("net").Hidden = true
	flags.Var(&c.links, "link", "Add link to another container")
	flags.Var(&c.ip, "ip", "IPv4 address (e.g., 172.30.100.104)")
	flags.Var(&c.ip6, "ip6", "IPv6 address (e.g., 2001:db8::33)")
	flags.Var(&c.linkLocal, "link-local-ip", "Container IPv4/IPv6 link-local addresses")
	flags.Var(&c.networkAliases, "network-alias", "Add network-scoped alias for the container")
	flags.StringVar(&c.macAddress, "mac-address", "", "Container MAC address (e.g., 92:d0:c6:0a:29:33)")
	flags.VarP(&c.publish, "publish", "p", "Publish a container's port(s) to the host")
	flags.BoolVarP(&c.publishAll, "publish-all", "P", false, "Publish all exposed ports to random ports")
	flags.Var(&c.expose, "expose", "Expose a port or a range of ports")
	c.addHosts.check = parseExtraHost
	flags.Var(&c.addHosts, "add-host", "Add a custom host-to-IP mapping (host:ip)")
	flags.Var(&c.dns, "dns", "Set custom DNS servers")
	flags.Var(&c.dnsOptions, "dns-option", "Set DNS options")
	flags.Var(&c.dnsOptions, "dns-opt", "Set DNS options")
	flags.Lookup("dns-opt").Hidden = true
	flags.Var(&c.dnsSearch, "dns-search", "Set custom DNS search domains")
}

// address is a flag of one IP address.
type address struct{ netip.Addr }

func (a *address) Set(value string) (err error) {
	a.Addr, err = netip.ParseAddr(strings.TrimSpace(value))
	if err != nil {
		return fmt.Errorf("IP address is not correctly formatted: %s", value)
	}
	return nil
}

func (*address) Type() string { return "ip" }

func (a *address) String() string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr.String()
}

// addresses is a flag of IP addresses.
type addresses []netip.Addr

func (a *addresses) Set(value string) error {
	address, err := netip.ParseAddr(strings.TrimSpace(value))
	if err != nil {
		return fmt.Errorf("IP address is not correctly formatted: %s", value)
	}
	*a = append(*a, address)
	return nil
}

func (*addresses) Type() string   { return "list" }
func (*addresses) String() string { return "" }
