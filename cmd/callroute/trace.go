package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
)

type traceOptions struct {
	query   analyzer.Query
	sources sources
	view    view
}

func (a *app) traceCommand() *cobra.Command {
	o := &traceOptions{view: view{output: output{app: a}, format: textFormat}}
	cmd := &cobra.Command{
		Use:   "trace PROGRAM [COMMAND...] [ARGUMENT...]",
		Short: "Follow one command through every process",
		Long: `Follow one command of PROGRAM through every process it reaches, and show the
route with file and line. PROGRAM is the name of a main package's folder, the
folder itself, a file in it, or its import path.

COMMAND is what a person types after the program's name, with arguments and
flags. What they rule out, and what the defaults of the others rule out, is on
no route; without any, it is not told but stays in the trace. A flag that
callroute has is callroute's; all behind -- is the command's. COMMAND may also
be an HTTP route or the full name of an RPC method that PROGRAM serves; then the
route starts at its handler. Without COMMAND it starts at main and follows what
the program does by itself.`,
		Example: `  callroute trace --src moby --src containerd --src runc docker update
  callroute trace dockerd "POST /containers/{name}/start"
  callroute trace containerd /containerd.services.tasks.v1.Tasks/Create
  callroute trace docker run -it --rm busybox sh
  callroute trace docker run --to 'runc.*main\.main' --hide 'log|trace'
  callroute trace docker run --format svg -o run.svg
  callroute trace docker run --code --format json -o run.json`,
		ValidArgsFunction: a.completeCommand(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.view.tables = cmd.Flags().Changed("code") && !o.query.Code
			if err := o.complete(args); err != nil {
				return err
			}
			return a.trace(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.view.register(cmd)
	registerNarrowing(cmd, &o.query.View)
	return cmd
}

func (o *traceOptions) complete(args []string) error {
	if len(args) == 0 {
		return errors.New("trace what? name a PROGRAM and a COMMAND (callroute commands lists them)")
	}
	// Program and command may come in one argument, as they are copied from a
	// terminal. A folder may have blanks in its name.
	if _, err := os.Stat(args[0]); err != nil && len(strings.Fields(args[0])) > 1 {
		args = append(strings.Fields(args[0]), args[1:]...)
	}
	o.query.Program = args[0]
	for _, arg := range args[1:] {
		o.query.Command = append(o.query.Command, strings.Fields(arg)...)
	}
	if o.query.Program == "" {
		return errors.New("the name of the program is empty")
	}
	if err := checkNarrowing(o.query.View); err != nil {
		return err
	}
	if err := o.view.check(); err != nil {
		return err
	}
	o.query.Code = o.query.Code || o.view.format.code && !o.view.tables
	return nil
}

func (a *app) trace(ctx context.Context, o *traceOptions) error {
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	f, err := an.Trace(ctx, o.query)
	if err != nil {
		return err
	}
	if commands, err := an.Commands(ctx, f.Program); err == nil {
		a.keep(o.sources, an, f.Program, commands)
	}
	if len(f.Spine) == 0 {
		return nothingLeft(strings.Join(append([]string{f.Program}, f.Command...), " "))
	}
	a.progress.stop()
	return o.view.write(f)
}
