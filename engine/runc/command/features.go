package command

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

func featuresCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "features",
		Short: "Print what this build can do as JSON",
		Args:  exactly(0),
		RunE: func(*cobra.Command, []string) error {
			enc := json.NewEncoder(a.stdio.Out)
			enc.SetIndent("", "    ")
			return enc.Encode(container.Features(container.FeaturesOptions{
				RuncVersion: runcVersion,
				Revision:    revision(),
			}))
		},
	}
}
