package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/runc/container"
)

func killCommand(a *app) *cobra.Command {
	var o container.KillOptions
	cmd := &cobra.Command{
		Use:   "kill [flags] <container-id> [signal]",
		Short: "Send a signal to a container's process, SIGTERM if none is named",
		Args:  cobra.MatchAll(atLeast(1), atMost(2)),
		RunE: func(_ *cobra.Command, args []string) (err error) {
			o.Signal = unix.SIGTERM
			if len(args) == 2 {
				if o.Signal, err = parseSignal(args[1]); err != nil {
					return err
				}
			}
			return a.runtime.Kill(args[0], o)
		},
	}
	cmd.Flags().BoolVarP(&o.All, "all", "a", false, "send it to all processes of the container")
	return cmd
}

func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s: %q requires a maximum of %d argument(s)", cmd.Root().Name(), cmd.Name(), n)
		}
		return nil
	}
}

// parseSignal reads a signal's number, or its name with or without SIG.
func parseSignal(s string) (unix.Signal, error) {
	if n, err := strconv.Atoi(s); err == nil {
		return unix.Signal(n), nil
	}
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if signal := unix.SignalNum(name); signal != 0 {
		return signal, nil
	}
	return 0, fmt.Errorf("unknown signal %q", s)
}
