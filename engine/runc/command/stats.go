package command

import (
	"encoding/json"
	"time"

	"github.com/opencontainers/runc/types"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/runc/container"
)

// defaultInterval is runc's.
const defaultInterval = 5 * time.Second

func eventsCommand(a *app) *cobra.Command {
	var (
		o         container.EventsOptions
		statsOnly bool
	)
	cmd := &cobra.Command{
		Use:   "events [flags] <container-id>",
		Short: "Print what a container uses, and when it runs out of memory",
		Args:  exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			emit := func(e *types.Event) error { return json.NewEncoder(a.stdio.Out).Encode(e) }
			if !statsOnly {
				return a.runtime.Events(cmd.Context(), args[0], o, emit)
			}
			event, err := a.runtime.Stats(args[0])
			if err != nil {
				return err
			}
			return emit(event)
		},
	}
	cmd.Flags().DurationVar(&o.Interval, "interval", defaultInterval, "time from one statistics to the next")
	cmd.Flags().BoolVar(&statsOnly, "stats", false, "print one statistics and exit")
	return cmd
}
