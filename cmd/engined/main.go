// Command engined is the daemon of the reference container engine: it serves
// docker's HTTP API and has containerd run the containers. It has dockerd's
// place.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/containerd/log"
	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := command(&options{}).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "engined: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// ownName is a name of our own runtime that no other can have.
const ownName = "engine"

// runtimeNames are what our own runtime is called, which does what runc does. It
// goes by the first that is not another's.
var runtimeNames = []string{"runc", ownName, "io.containerd.runc.v2"}

// release is the engine's version.
const release = "0.1.0"

// options are the command line.
type options struct {
	hosts                        []string
	dataRoot, execRoot, pidFile  string
	containerd, namespace        string
	runtime                      string
	runtimes                     map[string]string
	logLevel, group              string
	bridge, bip                  string
	dns, dnsOptions, dnsSearch   []string
	ipForward, ipMasq            bool
	liveRestore                  bool
	seccompProfile, cgroupParent string
	seedImage                    string
	mtu                          int
}

func command(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "engined",
		Short: "Serve docker's API and run containers",
		Long: `engined serves docker's HTTP API on a unix socket and runs containers through
containerd: its own, which it starts, or one that --containerd names. Without
flags it keeps everything under /var/lib/engine and /run/engine. Engines with
roots of their own run side by side.`,
		Example: `  engined --log-level debug -H unix:///run/engine.sock
  sudo engined --data-root /srv/engine --exec-root /run/engine2 -H unix:///run/engine2.sock
  docker -H unix:///run/engine.sock run toolbox echo hi`,
		Args:          cobra.NoArgs,
		Version:       release,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVarP(&o.hosts, "host", "H", []string{"unix:///run/engine.sock"}, "`SOCKET` to serve on, may be repeated")
	f.StringVar(&o.dataRoot, "data-root", "/var/lib/engine", "`DIR` of what outlives a boot")
	f.StringVar(&o.execRoot, "exec-root", "/run/engine", "`DIR` of what does not")
	f.StringVarP(&o.pidFile, "pidfile", "p", "", "`FILE` for the process ID (default in --exec-root)")
	f.StringVar(&o.containerd, "containerd", "", "`SOCKET` of a containerd to use instead of our own")
	f.StringVar(&o.namespace, "containerd-namespace", "engine", "`NAME` of ours in containerd; engines that share one need different names")
	f.StringVar(&o.runtime, "default-runtime", "io.containerd.engine.v2", "`RUNTIME` of containers: io.containerd.NAME.vN or a path of a shim")
	f.StringToStringVar(&o.runtimes, "add-runtime", nil, "`NAME=PATH` of another runtime with runc's command line, for run --runtime NAME")
	f.StringVarP(&o.group, "group", "G", "docker", "`GROUP` that may use the socket, if there is one")
	f.BoolVar(&o.liveRestore, "live-restore", false, "containers go on when engined stops")
	f.StringVar(&o.cgroupParent, "cgroup-parent", "engine", "`CGROUP` that holds those of the containers")
	f.StringVar(&o.seccompProfile, "seccomp-profile", "", "`FILE` with the seccomp profile, or unconfined (default docker's)")
	f.StringVarP(&o.bridge, "bridge", "b", "", "network `DEVICE` of the bridge (default a free engineN)")
	f.StringVar(&o.bip, "bip", "", "`ADDRESS/BITS` of the bridge (default a free subnet)")
	f.IntVar(&o.mtu, "mtu", 1500, "of the containers' network")
	f.BoolVar(&o.ipForward, "ip-forward", false, "switch on forwarding, so that containers reach the world")
	f.BoolVar(&o.ipMasq, "ip-masq", true, "let containers reach the world under the host's address")
	f.StringArrayVar(&o.dns, "dns", nil, "`ADDRESS` of a name server for containers")
	f.StringArrayVar(&o.dnsOptions, "dns-opt", nil, "`OPTION` of their resolver")
	f.StringArrayVar(&o.dnsSearch, "dns-search", nil, "`DOMAIN` that they search")
	f.StringVar(&o.seedImage, "seed-image", "", "`FILE` with an image for an engine that has none (default toolbox.tar beside engined)")
	f.StringVarP(&o.logLevel, "log-level", "l", "info", "debug, info, warn, error or fatal")
	return cmd
}

// check looks at the command line before anything is touched.
func (o *options) check() error {
	if err := log.SetLevel(o.logLevel); err != nil {
		return fmt.Errorf("--log-level %s: use debug, info, warn, error or fatal", o.logLevel)
	}
	for _, dir := range []*string{&o.dataRoot, &o.execRoot} {
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		*dir = abs
	}
	if o.pidFile == "" {
		o.pidFile = filepath.Join(o.execRoot, "engined.pid")
	}
	for _, h := range o.hosts {
		if path, ok := strings.CutPrefix(h, "unix://"); !ok || !filepath.IsAbs(path) {
			return fmt.Errorf("-H %s: only unix sockets are served, as unix:///run/engine.sock", h)
		}
	}
	if o.bip != "" {
		if _, err := netip.ParsePrefix(o.bip); err != nil {
			return fmt.Errorf("--bip %s: an address with its bits, as 172.30.0.1/16", o.bip)
		}
	}
	for _, d := range o.dns {
		if _, err := netip.ParseAddr(d); err != nil {
			return fmt.Errorf("--dns %s is no address", d)
		}
	}
	for name, path := range o.runtimes {
		if name == ownName {
			return fmt.Errorf("--add-runtime %s: that is the name of our own", name)
		}
		if _, err := exec.LookPath(path); err != nil {
			return fmt.Errorf("--add-runtime %s: %w", name, err)
		}
	}
	switch o.seccompProfile {
	case "", "unconfined", "builtin":
	default:
		data, err := os.ReadFile(o.seccompProfile)
		if err != nil {
			return fmt.Errorf("--seccomp-profile: %w", err)
		}
		o.seccompProfile = string(data)
	}
	if os.Geteuid() != 0 {
		return errors.New("running containers needs root; start it with sudo")
	}
	return nil
}
