package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/report"
)

type callersOptions struct {
	sources sources
	output  output
	json    bool
	ways    bool
}

func (o *callersOptions) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	flags.BoolVar(&o.ways, "ways", false, "every step of each way, with file and line")
	flags.BoolVar(&o.json, "json", false, "write JSON, which has the ways")
}

func (a *app) callersCommand() *cobra.Command {
	o := &callersOptions{sources: sources{libraries: true}, output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "callers NAME",
		Short: "List what reaches a function, across processes",
		Long: `List every command, HTTP route, RPC method, task and start of a program that
leads to the functions NAME means, in every program and through every process
in between, each with a shortest way. NAME is what --to of callroute trace
takes: a name as it is shown, a regular expression, file.go:LINE; also a
request that a function sends or serves, and a call by which it acts on the
machine, os.WriteFile.

Each way is one that a trace of its command has. Calls of which it is not known
what they reach may be more ways: they are counted at the end. Sources that build
no command are answered from their exported functions on.`,
		Example: `  callroute callers 'container.(*Container).Update'
  callroute callers update.go:120 --ways
  callroute callers 'POST /containers/*/update'
  callroute callers os.RemoveAll --json -o removes.json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("callers of what? name one function, a file.go:LINE or a request")
			}
			p, err := functionNamed(args[0])
			if err != nil {
				return err
			}
			return a.callers(cmd.Context(), o, func(ctx context.Context, an analysis) (*flow.Callers, error) { return an.Callers(ctx, p) })
		},
	}
	o.register(cmd)
	return cmd
}

// functionNamed reads a name of functions.
func functionNamed(text string) (*narrow.Pattern, error) {
	if text == "" {
		return nil, errors.New("the name of the function is empty")
	}
	return narrow.Parse(text)
}

// callers asks and writes the answer.
func (a *app) callers(ctx context.Context, o *callersOptions, ask func(context.Context, analysis) (*flow.Callers, error)) error {
	if err := o.output.check(); err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	c, err := ask(ctx, an)
	if err != nil {
		return err
	}
	a.progress.stop()
	return o.output.write(func(w io.Writer) error {
		if o.json {
			return report.JSON(w, c)
		}
		return report.Callers(w, c, report.CallersOptions{TextOptions: o.output.textOptions(), Ways: o.ways})
	})
}
