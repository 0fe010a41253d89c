package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
	"github.com/callroute/callroute/analyzer/webui"
)

type diffOptions struct {
	sources  sources
	output   output
	format   answerFormat[*flow.Diff, report.DiffOptions]
	beside   bool
	old, new string
	query    traceOptions // what is compared; no program: everything
}

// diffForms are the forms of a diff.
var diffForms = []answerForm[*flow.Diff, report.DiffOptions]{
	{"text", report.Diff},
	{"json", func(w io.Writer, d *flow.Diff, _ report.DiffOptions) error { return report.JSON(w, d) }},
	{"md", report.DiffMarkdown},
	{"html", func(w io.Writer, d *flow.Diff, _ report.DiffOptions) error { return webui.Diff(w, d) }},
	{"svg", func(w io.Writer, d *flow.Diff, _ report.DiffOptions) error { return diagram.Diff(w, d) }},
}

func (a *app) diffCommand() *cobra.Command {
	o := &diffOptions{output: output{app: a}}
	o.format.forms = diffForms
	cmd := &cobra.Command{
		Use:   "diff OLD NEW [PROGRAM COMMAND...]",
		Short: "Compare the routes of two revisions",
		Long: `Compare the route of one command in two revisions of a system, or the routes of
all commands: steps that were added, removed, moved into another file or changed
in what they do, functions beside the route, crossings between processes whose
key changed, gaps that were closed or opened. Other line numbers are no
difference.

OLD and NEW are folders, system files (callroute.yaml), revisions of the git
repository that the sources are in, or traces that callroute trace saved as
JSON. A revision is written to a temporary folder; the repository and its
checkout are left alone. "." is what lies here, with what is not committed.

The exit status is 1 if there are differences.`,
		Example: `  callroute diff main .
  callroute diff v1.2.0 v1.3.0 docker update
  callroute diff main . -o changes.md
  callroute diff old/callroute.yaml new/callroute.yaml dockerd "POST /build"
  callroute diff before.json after.json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 || args[0] == "" || args[1] == "" {
				return errors.New("diff of what? name two folders, revisions or traces, OLD and NEW")
			}
			o.old, o.new = args[0], args[1]
			if len(args) > 2 {
				o.query.view = view{output: o.output, format: textFormat, lang: string(article.English)}
				if err := o.query.complete(args[2:]); err != nil {
					return err
				}
			}
			return a.diff(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	o.format.register(cmd)
	flags.BoolVar(&o.beside, "beside", false, "in text and md: every function beside the routes, not only their number")
	o.output.register(cmd)
	return cmd
}

func (a *app) diff(ctx context.Context, o *diffOptions) error {
	write, err := o.format.choose(o.output.file)
	if err != nil {
		return err
	}
	if err := o.output.check(); err != nil {
		return err
	}
	d, err := a.compared(ctx, o)
	if err != nil {
		return err
	}
	a.progress.stop()
	err = o.output.write(func(w io.Writer) error {
		return write(w, d, report.DiffOptions{TextOptions: o.output.textOptions(), Beside: o.beside})
	})
	if err == nil && len(d.Commands) > 0 {
		return errFindings
	}
	return err
}
