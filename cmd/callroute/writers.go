package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

type accessOptions struct {
	symbol  string
	sources sources
	output  output
	json    bool
	ways    bool
}

func (a *app) writersCommand() *cobra.Command {
	cmd := a.accessCommand(func(ctx context.Context, an analysis, symbol string) (*flow.Accesses, error) {
		return an.Writers(ctx, symbol)
	})
	cmd.Use = "writers SYMBOL"
	cmd.Short = "List who writes a field or a package variable"
	cmd.Long = `List the functions that write SYMBOL, with the lines, and for each the commands,
requests, RPC methods and starts of programs that lead there.

SYMBOL is a package variable, daemon.stateCtr, or a field of a type,
container.State.Running; the package may be left out. Who calls a method that
writes what a variable holds writes it too.`
	cmd.Example = `  callroute writers daemon.stateCtr
  callroute writers container.State.Running --ways
  callroute writers HostConfig.CacheProperty --json`
	return cmd
}

// accessCommand is what writers and readers share.
func (a *app) accessCommand(ask func(context.Context, analysis, string) (*flow.Accesses, error)) *cobra.Command {
	o := &accessOptions{output: output{app: a}}
	cmd := &cobra.Command{
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return fmt.Errorf("%s of what? name a field or a package variable: pkg.Type.Field, pkg.variable", cmd.Name())
			}
			if len(args) > 1 {
				return errors.New("one symbol at a time")
			}
			o.symbol = args[0]
			if err := o.output.check(); err != nil {
				return err
			}
			an, err := a.analysis(cmd.Context(), o.sources)
			if err != nil {
				return err
			}
			found, err := ask(cmd.Context(), an, o.symbol)
			if err != nil {
				return err
			}
			a.progress.stop()
			return o.output.write(func(w io.Writer) error {
				if o.json {
					return report.JSON(w, found)
				}
				return report.Accesses(w, found, report.CallersOptions{TextOptions: o.output.textOptions(), Ways: o.ways})
			})
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	flags.BoolVar(&o.ways, "ways", false, "every step of each way, with its place")
	flags.BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}
