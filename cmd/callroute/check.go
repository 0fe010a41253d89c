package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/export"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

type checkOptions struct {
	sources sources
	output  output
	file    string // of rules
	format  string
	ways    bool
	update  bool
}

// checkView writes findings in one form.
type checkView func(io.Writer, *flow.Check, report.CallersOptions) error

// checkFormats are the forms of findings.
var checkFormats = map[string]checkView{
	"text":   report.Check,
	"json":   func(w io.Writer, c *flow.Check, _ report.CallersOptions) error { return report.JSON(w, c) },
	"sarif":  func(w io.Writer, c *flow.Check, _ report.CallersOptions) error { return export.CheckSARIF(w, c) },
	"github": func(w io.Writer, c *flow.Check, _ report.CallersOptions) error { return export.GitHub(w, c) },
}

var checkFormatNames = []string{"text", "json", "sarif", "github"}

func (a *app) checkCommand() *cobra.Command {
	o := &checkOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Hold routes against rules, for CI",
		Long: `Hold the routes of a system against the rules in FILE: what a route must come to
and never come to, what every way to a function must pass, which programs may be
entered, which requests and handlers must have a partner, and crossings that are
frozen. docs/CHECK.md explains the file. A finding is accepted only by a suppression
with a reason, until a day.

--update writes the frozen crossings anew. --format github puts annotations on the
lines of a pull request. The exit status is 1 if there are findings.`,
		Example: `  callroute check routes.yaml
  callroute check routes.yaml --update
  callroute check routes.yaml --format sarif -o findings.sarif`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("check what? name one file of rules")
			}
			o.file = args[0]
			return a.check(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	flags.BoolVar(&o.update, "update", false, "write the frozen crossings as they are now")
	flags.BoolVar(&o.ways, "ways", false, "in text: every step to what is found, with file and line")
	flags.StringVar(&o.format, "format", "", "how to write it: "+strings.Join(checkFormatNames, ", ")+" (default as the name of the file says, else text)")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(checkFormatNames, cobra.ShellCompDirectiveNoFileComp)))
	o.output.register(cmd)
	return cmd
}

// view is the form that is asked for, or that the file's name says.
func (o *checkOptions) view() (checkView, error) {
	name := o.format
	switch ending := strings.TrimPrefix(filepath.Ext(o.output.file), "."); {
	case name != "":
	case checkFormats[ending] != nil:
		name = ending
	default:
		name = "text"
	}
	if checkFormats[name] == nil {
		return nil, fmt.Errorf("--format %q: the formats are %s", name, strings.Join(checkFormatNames, ", "))
	}
	return checkFormats[name], nil
}

func (a *app) check(ctx context.Context, o *checkOptions) error {
	view, err := o.view()
	if err != nil {
		return err
	}
	rules, err := readRules(o.file)
	if err != nil {
		return err
	}
	if err := o.output.check(); err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	c, err := rules.Check(ctx, checkable{an}, checkRules{Today: today(a.getenv), Update: o.update, Say: a.progress.say})
	if err != nil {
		return err
	}
	a.progress.stop()
	err = o.output.write(func(w io.Writer) error {
		return view(w, c, report.CallersOptions{TextOptions: o.output.textOptions(), Ways: o.ways})
	})
	if err == nil && len(c.Findings) > 0 {
		return errFindings
	}
	return err
}

// today is the day by which suppressions end.
func today(getenv func(string) string) time.Time {
	y, m, d := exportTime(getenv).UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// checkable is an analysis as rules ask it.
type checkable struct{ analysis }

// Route implements rules.System.
func (c checkable) Route(ctx context.Context, program string, words []string) (*flow.Flow, error) {
	return c.Trace(ctx, analyzer.Query{Program: program, Command: words})
}
