package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
)

func (a *app) impactCommand() *cobra.Command {
	o := &callersOptions{sources: sources{libraries: true}, output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "impact NAME|FILE:LINE|REVISION..[REVISION]",
		Short: "List what a change touches, across processes",
		Long: `List what a change of some functions touches: every command, HTTP route, RPC
method, task and start of a program that leads to one of them, as callroute
callers does, and the other sides of what they send, start, serve or define.

A range of git revisions means the functions whose lines changed: A..B between
two, where the files must lie there as they are at B; A.. since A, with what is
not committed. Changed comments and tests count for nothing. Lines that belong
to no function, as those of a type, are listed, and not followed.`,
		Example: `  callroute impact main..
  callroute impact v1.2.0..v1.3.0 --ways
  callroute impact 'daemon.(*Daemon).Update'
  callroute impact HEAD~1..HEAD --json -o impact.json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("impact of what? name a function, a file.go:LINE or a range of revisions as A..B")
			}
			return a.callers(cmd.Context(), o, func(ctx context.Context, an analysis) (*flow.Callers, error) { return an.Impact(ctx, args[0]) })
		},
	}
	o.register(cmd)
	return cmd
}
