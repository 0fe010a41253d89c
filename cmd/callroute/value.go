package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/report"
)

type valueOptions struct {
	query   analyzer.ValueQuery
	sources sources
	output  output
	json    bool
	all     bool
}

func (a *app) valueCommand() *cobra.Command {
	o := &valueOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "value PROGRAM COMMAND... --flag NAME",
		Short: "Follow the value of a flag to where it is written",
		Long: `Follow the value of one flag of a command: through the fields it is kept in, the
calls it is passed to, and the requests, messages, arguments and standard input
that carry it to other programs, to the last write. Each line of the source that
passes it on is shown with the field that it is in then, its name on the wire, and
what was done to it.`,
		Example: `  callroute value engine update --flag cpu-shares
  callroute value docker update --flag blkio-weight --all
  callroute value docker run --flag memory --json`,
		ValidArgsFunction: a.completeCommand(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return err
			}
			return a.value(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	flags.StringVar(&o.query.Flag, "flag", "", "follow the flag `NAME`, without dashes")
	flags.BoolVar(&o.all, "all", false, "every way in full, not only the one that is followed furthest")
	flags.BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

func (o *valueOptions) complete(args []string) error {
	if len(args) == 0 {
		return errors.New("the value of what? name a PROGRAM, a COMMAND and its --flag (callroute commands lists them)")
	}
	o.query.Program = args[0]
	for _, arg := range args[1:] {
		o.query.Command = append(o.query.Command, strings.Fields(arg)...)
	}
	o.query.Flag = strings.TrimLeft(o.query.Flag, "-")
	if o.query.Flag == "" {
		return errors.New("which value? --flag NAME names a flag of the command")
	}
	return o.output.check()
}

func (a *app) value(ctx context.Context, o *valueOptions) error {
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	v, err := an.Value(ctx, o.query)
	if err != nil {
		return err
	}
	a.progress.stop()
	return o.output.write(func(w io.Writer) error {
		if o.json {
			return report.JSON(w, v)
		}
		text := o.output.textOptions()
		text.Tree = o.all
		return report.Value(w, v, text)
	})
}
