package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/report"
)

type pathOptions struct {
	sources  sources
	output   output
	json     bool
	from, to *narrow.Pattern
}

func (a *app) pathCommand() *cobra.Command {
	o := &pathOptions{sources: sources{libraries: true}, output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "path FROM TO",
		Short: "Show the shortest way from one function to another",
		Long: `Show the shortest way from a function that FROM means to one that TO means,
through as many processes as it takes, with file and line of each step. Names
are those of callroute callers. FROM may be a command, with its program in
front: "docker update".

Of the ways between the two, those count that some command, request or start of
a program takes; which one is told. Where nothing is seen to reach FROM, it is the way that a
caller of it would take.`,
		Example: `  callroute path 'daemon.(*Daemon).Update' 'container.(*Container).freeze'
  callroute path "docker update" os.WriteFile
  callroute path update.go:40 'POST /containers/*/update' --json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("path from where to where? name two functions")
			}
			var err error
			if o.from, err = functionNamed(args[0]); err != nil {
				return err
			}
			if o.to, err = functionNamed(args[1]); err != nil {
				return err
			}
			return a.path(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	flags.BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

func (a *app) path(ctx context.Context, o *pathOptions) error {
	if err := o.output.check(); err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	way, err := an.Path(ctx, o.from, o.to)
	if err != nil {
		return err
	}
	a.progress.stop()
	return o.output.write(func(w io.Writer) error {
		if o.json {
			return report.JSON(w, way)
		}
		return report.Path(w, way, o.output.textOptions())
	})
}
