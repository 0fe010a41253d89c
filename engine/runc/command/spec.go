package command

import (
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

func specCommand() *cobra.Command {
	var o container.SpecOptions
	cmd := &cobra.Command{
		Use:   "spec [flags]",
		Short: "Write an example of config.json",
		Args:  exactly(0),
		RunE:  func(*cobra.Command, []string) error { return container.WriteSpec(o) },
	}
	cmd.Flags().StringVarP(&o.Bundle, "bundle", "b", "", "bundle to write to (default the working folder)")
	cmd.Flags().BoolVar(&o.Rootless, "rootless", false, "write one that a user without rights can run")
	return cmd
}
