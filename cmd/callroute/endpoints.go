package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

type endpointsOptions struct {
	sources   sources
	output    output
	json      bool
	unmatched bool
}

func (a *app) endpointsCommand() *cobra.Command {
	o := &endpointsOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "endpoints",
		Short: "List where programs meet, and where they fail to",
		Long: `List every departure (a request that is sent, a process that is started) with
the arrival that it reaches in another program, then the departures and
arrivals that found no partner, with the reason.

With --unmatched the exit status is 1 if a departure has no partner.`,
		Example: `  callroute endpoints --src moby --src containerd
  callroute endpoints --unmatched
  callroute endpoints --json -o endpoints.json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("endpoints takes no arguments, not %q", args[0])
			}
			return a.endpoints(cmd.Context(), o)
		},
	}
	cmd.Flags().SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	cmd.Flags().BoolVar(&o.unmatched, "unmatched", false, "only what has no partner")
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

func (a *app) endpoints(ctx context.Context, o *endpointsOptions) error {
	if err := o.output.check(); err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	e, err := an.Endpoints(ctx)
	if err != nil {
		return err
	}
	a.progress.stop()
	err = o.output.write(func(w io.Writer) error {
		if o.json {
			if o.unmatched {
				e = &flow.Endpoints{Departures: unmatched(e.Departures), Arrivals: unmatched(e.Arrivals), Dropped: e.Dropped}
			}
			return report.JSON(w, e)
		}
		return report.Endpoints(w, e, report.EndpointsOptions{TextOptions: o.output.textOptions(), Unmatched: o.unmatched})
	})
	if err == nil && o.unmatched && len(unmatched(e.Departures)) > 0 {
		return errFindings
	}
	return err
}

func unmatched(all []flow.Endpoint) []flow.Endpoint {
	return slices.DeleteFunc(slices.Clone(all), func(e flow.Endpoint) bool { return len(e.Peers) > 0 })
}
