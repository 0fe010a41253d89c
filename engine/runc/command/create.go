package command

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/runc/container"
)

func createCommand(a *app) *cobra.Command {
	var o container.CreateOptions
	cmd := &cobra.Command{
		Use:   "create [flags] <container-id>",
		Short: "Create a container",
		Long: `Create a container of a bundle. Its process waits until "start" and takes over
the standard input, output and error of this command.`,
		Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.runtime.Create(args[0], o); err != nil {
				return fmt.Errorf("runc create failed: %w", err)
			}
			return nil
		},
	}
	createFlags(cmd.Flags(), &o)
	return cmd
}

// createFlags are the flags of every command that makes a container.
func createFlags(f *pflag.FlagSet, o *container.CreateOptions) {
	f.StringVarP(&o.Bundle, "bundle", "b", "", "bundle of the container (default the working folder)")
	f.BoolVar(&o.NoPivotRoot, "no-pivot", false, "do not use pivot_root; for a root filesystem on a ramdisk")
	f.BoolVar(&o.NoNewKeyring, "no-new-keyring", false, "share the session keyring of this command")
	processFlags(f, &o.ProcessOptions)
}

// processFlags are the flags of every command that starts a process.
func processFlags(f *pflag.FlagSet, o *container.ProcessOptions) {
	f.StringVar(&o.ConsoleSocket, "console-socket", "", "unix socket that is sent the terminal's master")
	f.StringVar(&o.PidfdSocket, "pidfd-socket", "", "unix socket that is sent a pidfd of the process")
	f.StringVar(&o.PidFile, "pid-file", "", "file to write the process id to")
	f.IntVar(&o.PreserveFDs, "preserve-fds", 0, "pass on so many file descriptors after standard error and $LISTEN_FDS")
}
