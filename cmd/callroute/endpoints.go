package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

type endpointsOptions struct {
	sources    sources
	output     output
	json       bool
	unmatched  bool
	idle       bool
	group      bool
	departures bool
	arrivals   bool
	kinds      []string
	programs   []string
	baseline   string
}

// endpointKinds is the kinds that --kind knows.
var endpointKinds = func() []string {
	var out []string
	for _, k := range flow.Kinds() {
		if k.Process() && !k.Later() {
			out = append(out, string(k))
		}
	}
	return out
}()

func (a *app) endpointsCommand() *cobra.Command {
	o := &endpointsOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "endpoints [PROGRAM...]",
		Short: "List where programs meet, and where they fail to",
		Long: `List every departure (a request that is sent, a process that is started) with
the arrival that it reaches in another program, then the departures and
arrivals that found no partner, with the reason; only those of the PROGRAMs, if
any are named.

With --unmatched the exit status is 1 if a departure has no partner. With
--baseline, which names a file that endpoints --json wrote, only what is not in
that file counts, and only that is listed.`,
		Example: `  callroute endpoints --src moby --src containerd
  callroute endpoints --unmatched --group
  callroute endpoints dockerd --kind http,grpc --departures
  callroute endpoints --json -o endpoints.json
  callroute endpoints --unmatched --baseline endpoints.json`,
		ValidArgsFunction: a.completePrograms(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.programs = args
			return a.endpoints(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	flags.BoolVar(&o.unmatched, "unmatched", false, "only what has no partner")
	flags.StringSliceVar(&o.kinds, "kind", nil, "only these `KINDS`: "+strings.Join(endpointKinds, ", "))
	must(cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(endpointKinds, cobra.ShellCompDirectiveNoFileComp)))
	flags.BoolVar(&o.departures, "departures", false, "only what leaves a program")
	flags.BoolVar(&o.arrivals, "arrivals", false, "only what arrives at one")
	flags.BoolVar(&o.group, "group", false, "one line for all of a program, a kind and a reason")
	flags.BoolVar(&o.idle, "idle", false, "also departures in functions that nothing in their program is seen to call")
	flags.StringVar(&o.baseline, "baseline", "", "only what is not in `FILE`, which endpoints --json wrote")
	must(cmd.MarkFlagFilename("baseline", "json"))
	flags.BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

func (a *app) endpoints(ctx context.Context, o *endpointsOptions) error {
	known, err := o.check()
	if err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	for _, name := range o.programs {
		if !slices.Contains(an.Programs(), name) {
			return fmt.Errorf("no program %q; there are %s", name, strings.Join(an.Programs(), ", "))
		}
	}
	e, err := an.Endpoints(ctx)
	if err != nil {
		return err
	}
	a.progress.stop()
	e = o.chosen(e, known)
	err = o.output.write(func(w io.Writer) error {
		if o.json {
			return report.JSON(w, e)
		}
		return report.Endpoints(w, e, report.EndpointsOptions{TextOptions: o.output.textOptions(), Unmatched: o.unmatched, Group: o.group})
	})
	if err == nil && o.unmatched && slices.ContainsFunc(e.Departures, alone) {
		return errFindings
	}
	return err
}

// check finds out before long work what cannot be answered. It returns the
// endpoints of the baseline.
func (o *endpointsOptions) check() (known map[endpointKey]bool, err error) {
	for _, kind := range o.kinds {
		if !slices.Contains(endpointKinds, kind) {
			return nil, fmt.Errorf("--kind %q: the kinds are %s", kind, strings.Join(endpointKinds, ", "))
		}
	}
	if o.departures && o.arrivals {
		return nil, fmt.Errorf("--departures and --arrivals exclude each other; without both all are listed")
	}
	if o.group && o.json {
		return nil, fmt.Errorf("--group is for people; --json has no groups")
	}
	if o.baseline != "" {
		if known, err = readBaseline(o.baseline); err != nil {
			return nil, err
		}
	}
	return known, o.output.check()
}

// endpointKey is an endpoint whatever its line is.
type endpointKey struct {
	program string
	kind    flow.Kind
	key, fn string
}

func keyOf(e flow.Endpoint) endpointKey { return endpointKey{e.Program, e.Kind, e.Key, e.Func} }

// readBaseline is the endpoints without a partner in a file that endpoints
// --json wrote.
func readBaseline(name string) (map[endpointKey]bool, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the baseline: %w", err)
	}
	var e flow.Endpoints
	if err := json.Unmarshal(data, &e); err != nil || e.Departures == nil || e.Arrivals == nil {
		return nil, fmt.Errorf("%s is no baseline: callroute endpoints --json writes one", name)
	}
	known := map[endpointKey]bool{}
	for _, x := range slices.Concat(e.Departures, e.Arrivals) {
		if alone(x) {
			known[keyOf(x)] = true
		}
	}
	return known, nil
}

func alone(e flow.Endpoint) bool { return len(e.Peers) == 0 && !e.Outside }

// chosen is the endpoints that are asked for.
func (o *endpointsOptions) chosen(e *flow.Endpoints, known map[endpointKey]bool) *flow.Endpoints {
	out := *e
	keep := func(all []flow.Endpoint) []flow.Endpoint {
		return slices.DeleteFunc(slices.Clone(all), func(x flow.Endpoint) bool {
			return len(o.programs) > 0 && !slices.Contains(o.programs, x.Program) ||
				len(o.kinds) > 0 && !slices.Contains(o.kinds, string(x.Kind)) ||
				o.unmatched && !alone(x) || alone(x) && known[keyOf(x)]
		})
	}
	out.Departures, out.Arrivals, out.Idle = keep(e.Departures), keep(e.Arrivals), keep(e.Idle)
	if o.idle {
		out.Departures, out.Idle = append(out.Departures, out.Idle...), nil
	}
	switch {
	case o.departures:
		out.Arrivals = nil
	case o.arrivals:
		out.Departures, out.Idle = nil, nil
	}
	return &out
}
