package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
	"github.com/callroute/callroute/analyzer/webui"
)

type valueOptions struct {
	query   analyzer.ValueQuery
	into    string
	sources sources
	output  output
	format  answerFormat[*flow.Value, report.TextOptions]
	write   func(io.Writer, *flow.Value, report.TextOptions) error
	all     bool
}

// valueForms are the forms in which the way of a value is written.
var valueForms = []answerForm[*flow.Value, report.TextOptions]{
	{"text", func(w io.Writer, v *flow.Value, o report.TextOptions) error {
		if v.Into != "" {
			return report.ValueInto(w, v, o)
		}
		return report.Value(w, v, o)
	}},
	{"json", func(w io.Writer, v *flow.Value, _ report.TextOptions) error { return report.JSON(w, v) }},
	{"md", func(w io.Writer, v *flow.Value, _ report.TextOptions) error { return report.ValueMarkdown(w, v) }},
	{"html", func(w io.Writer, v *flow.Value, _ report.TextOptions) error { return webui.Value(w, v) }},
	{"svg", func(w io.Writer, v *flow.Value, _ report.TextOptions) error { return diagram.Value(w, v) }},
}

func (a *app) valueCommand() *cobra.Command {
	o := &valueOptions{output: output{app: a}}
	o.format.forms = valueForms
	cmd := &cobra.Command{
		Use:   "value PROGRAM COMMAND... --flag NAME | --arg N | --into FIELD|FILE",
		Short: "Follow the value of a flag to where it is written",
		Long: `Follow the value of one flag or argument of a command: through the fields it is kept in, the
calls it is passed to, and the requests, messages, arguments and standard input
that carry it to other programs, to the last write. Each line of the source that
passes it on is shown with the field that it is in then, its name on the wire, what
was done to it, and the conditions that the line stands under.

With --into it is the other way round: which flags, arguments, requests and constants
can end in a field of a type, or in a file of this name. PROGRAM and COMMAND may be
left out then; all that lead there are looked at.`,
		Example: `  callroute value engine update --flag cpu-shares
  callroute value docker update --flag blkio-weight --all
  callroute value docker update --arg 1
  callroute value --into runtime.Resource.CPUShares
  callroute value docker update --into cpu.shares
  callroute value docker run --flag memory --format svg -o memory.svg
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
	flags.IntVar(&o.query.Arg, "arg", 0, "follow the argument `N` that is no flag, from 1 on")
	flags.StringVar(&o.into, "into", "", "what can end in `FIELD`, pkg.Type.Field, or in FILE")
	flags.BoolVar(&o.all, "all", false, "with --format text: every way in full, not only the one that is followed furthest")
	o.format.register(cmd)
	return cmd
}

func (o *valueOptions) complete(args []string) error {
	if len(args) == 0 && o.into == "" {
		return errors.New("the value of what? name a PROGRAM, a COMMAND and its --flag (callroute commands lists them), or a field with --into")
	}
	if len(args) == 0 {
		args = []string{""}
	}
	o.query.Program = args[0]
	for _, arg := range args[1:] {
		o.query.Command = append(o.query.Command, strings.Fields(arg)...)
	}
	o.query.Flag = strings.TrimLeft(o.query.Flag, "-")
	switch {
	case o.into != "" && (o.query.Flag != "" || o.query.Arg != 0):
		return errors.New("--into asks where a value comes from, --flag and --arg where it goes: one of them")
	case o.into != "":
	case o.query.Flag == "" && o.query.Arg == 0:
		return errors.New("which value? --flag NAME names a flag of the command, --arg N an argument")
	case o.query.Flag != "" && o.query.Arg != 0:
		return errors.New("--flag and --arg exclude each other: one value at a time")
	case o.query.Arg < 0:
		return fmt.Errorf("--arg %d: arguments count from 1", o.query.Arg)
	}
	var err error
	if o.write, err = o.format.choose(o.output.file); err != nil {
		return err
	}
	return o.output.check()
}

func (a *app) value(ctx context.Context, o *valueOptions) error {
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	var v *flow.Value
	if o.into == "" {
		v, err = an.Value(ctx, o.query)
	} else {
		v, err = an.ValueInto(ctx, analyzer.IntoQuery{Program: o.query.Program, Command: o.query.Command, Target: o.into})
	}
	if err != nil {
		return err
	}
	a.progress.stop()
	return o.output.write(func(w io.Writer) error {
		text := o.output.textOptions()
		text.Tree = o.all
		return o.write(w, v, text)
	})
}
