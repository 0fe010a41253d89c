// Command engine-containerd keeps images and snapshots and runs containers,
// each through a shim. It has containerd's place in the engine and speaks
// containerd's API.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	// The log may go to a process that has been killed. Ignoring the signal would
	// be passed on to shims and containers; having it delivered is not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "engine-containerd: %v\n", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	address, root, state, shim, logLevel string
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "engine-containerd",
		Short: "Keep images and run containers",
		Long: `engine-containerd keeps images and snapshots under --root and runs containers,
whose bundles are under --state, each through a shim. engined starts it; any
client of containerd can talk to it.`,
		Example: `  engine-containerd --address /run/engine-containerd/containerd.sock
  ctr -a /run/engine-containerd/containerd.sock images ls`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.address, "address", "a", "/run/engine-containerd/containerd.sock", "`SOCKET` to serve gRPC on")
	flags.StringVar(&o.root, "root", "/var/lib/engine-containerd", "`DIR` of images and snapshots")
	flags.StringVar(&o.state, "state", "/run/engine-containerd", "`DIR` of what need not outlive a boot")
	flags.StringVar(&o.shim, "shim", "", "`FILE` that is the shim of the runtime io.containerd.engine.v2, instead of\ncontainerd-shim-engine-v2 beside this program or where commands are")
	flags.StringVarP(&o.logLevel, "log-level", "l", "info", "trace, debug, info, warn, error, fatal or panic")
	return cmd
}
