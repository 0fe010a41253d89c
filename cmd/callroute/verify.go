package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/trial"
	"github.com/callroute/callroute/analyzer/report"
)

type verifyOptions struct {
	sources         sources
	view            view
	plan            trial.Plan
	setup, teardown string // files
	list, record    string
	otlp            bool
}

func (a *app) verifyCommand() *cobra.Command {
	o := &verifyOptions{view: view{output: output{app: a}, format: textFormat}}
	cmd := &cobra.Command{
		Use:   "verify [flags] [--] PROGRAM COMMAND LINE...",
		Short: "Run a command and compare what runs with what is told",
		Long: `Build the programs of the system so that every function notes when it is
entered, run COMMAND LINE with them, and lay what ran beside the route that
trace tells: which of its steps ran, and what ran that it does not tell.

Nothing is written into the sources: the go command is given other texts for
their files. Needed is Linux, and a system that go build builds as modules; cgo
and vendor folders are fine.

What the command needs, such as daemons, is started by --setup, a shell script.
It finds the instrumented programs on its PATH and in $CALLROUTE_BIN, an empty
folder in $CALLROUTE_DIR, and what it writes to $CALLROUTE_ENV as NAME=VALUE is
set for the command. What it leaves running is part of what is observed, and is
ended afterwards, --teardown first. callroute.yaml can say all of this; see
docs/CONFIG.md.

--list verifies the commands of a file, one after the other: "$ WORDS" is a
command, "+ TEXT" a shell script that prepares the next.

The exit status is 1 if a step that is told did not run.`,
		Example: `  callroute verify relay send letter
  callroute verify --setup start.sh -- engine update --memory 64m c1
  callroute verify --record update.run engine update --memory 64m c1
  callroute verify --record update.run                 compare that run again
  callroute verify --format json -o update.json engine update c1
  callroute verify --list commands.txt --format md -o SOUNDNESS.md`,
		ValidArgsFunction: a.completeCommand(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return err
			}
			return a.verify(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.SetInterspersed(false)
	o.sources.register(cmd)
	flags.StringVar(&o.setup, "setup", "", "shell script `FILE` that starts what the command needs")
	flags.StringVar(&o.teardown, "teardown", "", "shell script `FILE` that tidies up")
	flags.StringSliceVar(&o.plan.Unshare, "unshare", nil, "`NAMESPACES` of its own: network, mount; needs root")
	flags.StringArrayVar(&o.plan.Flags, "build-flag", nil, "`FLAG` for go build, may be repeated")
	flags.DurationVar(&o.plan.Timeout, "timeout", time.Minute, "the longest that a script or the command may take")
	flags.StringVar(&o.list, "list", "", "verify the commands in `FILE`")
	flags.StringVar(&o.record, "record", "", "keep the run in `FILE`; without a command, compare the run in it")
	flags.BoolVar(&o.otlp, "otlp", false, "the same as --format otlp: spans with the times of the run")
	for _, name := range []string{"setup", "teardown", "list", "record"} {
		must(cmd.MarkFlagFilename(name))
	}
	o.view.register(cmd)
	return cmd
}

func (o *verifyOptions) complete(args []string) (err error) {
	switch {
	case len(args) > 0 && o.list != "":
		return errors.New("a command and --list exclude each other")
	case len(args) == 0 && o.list == "" && o.record == "":
		return errors.New("verify what? name a PROGRAM and its COMMAND LINE, or a --list of them")
	case o.otlp && o.view.format.chosen && o.view.format.name != "otlp":
		return fmt.Errorf("--otlp and --format %s exclude each other", o.view.format.name)
	case o.otlp:
		must(o.view.format.Set("otlp"))
	}
	if err := o.view.check(); err != nil {
		return err
	}
	if o.list != "" && o.view.format.name != textFormat.name && o.view.format.name != "md" {
		return fmt.Errorf("--list has a text and --format md, not %s", o.view.format.name)
	}
	if o.plan.Setup, err = scriptOf(o.setup); err != nil {
		return err
	}
	if o.plan.Teardown, err = scriptOf(o.teardown); err != nil {
		return err
	}
	if o.list != "" {
		o.plan.Steps, err = trial.ReadSteps(o.list)
	} else if len(args) > 0 {
		o.plan.Steps = []trial.Step{{Command: args}}
	}
	return err
}

// scriptOf is the text of a script, empty if none is named.
func scriptOf(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("cannot read the script: %w", err)
	}
	return string(data), nil
}

func (a *app) verify(ctx context.Context, o *verifyOptions) error {
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	runs, err := a.runs(ctx, an, o)
	if err != nil {
		return err
	}
	var flows []*flow.Flow
	for _, run := range runs {
		f, err := an.Compare(ctx, analyzer.Query{}, run)
		if err != nil {
			return err
		}
		flows = append(flows, f)
	}
	a.progress.stop()
	if len(flows) == 0 {
		return fmt.Errorf("%s has no run", o.record)
	}
	if err := o.write(flows); err != nil {
		return err
	}
	for _, f := range flows {
		if len(f.Observed.NotRun) > 0 || f.Observed.Crossings.Are < f.Observed.Crossings.All {
			return errFindings
		}
	}
	return nil
}

// runs carries out what is asked for, or reads what was carried out before.
func (a *app) runs(ctx context.Context, an analysis, o *verifyOptions) ([]*observe.Run, error) {
	if len(o.plan.Steps) == 0 {
		return observe.Read(o.record)
	}
	a.patience.Store(int64(o.plan.Timeout)) // daemons have to be stopped
	o.plan.Tags, o.plan.Stdin, o.plan.Output = o.sources.tags, os.Stdin, &afterProgress{a}
	runs, err := an.Observe(ctx, o.plan)
	if err != nil {
		return nil, err
	}
	if o.record == "" {
		return runs, nil
	}
	kept := output{file: o.record, app: a}
	return runs, kept.write(func(w io.Writer) error { return observe.Write(w, runs) })
}

// afterProgress is standard error once nothing is drawn there any more.
type afterProgress struct{ *app }

func (p *afterProgress) Write(text []byte) (int, error) {
	p.progress.stop()
	return p.stderr.Write(text)
}

func (o *verifyOptions) write(flows []*flow.Flow) error {
	switch {
	case (o.list != "" || len(flows) > 1) && o.view.format.name == "md":
		return o.view.output.write(func(w io.Writer) error { return report.Soundness(w, flows) })
	case len(flows) == 1 && (o.view.format.name != textFormat.name || o.view.tree || o.view.brief):
		return o.view.write(flows[0])
	case o.view.format.name != textFormat.name:
		return fmt.Errorf("%d commands have a text and --format md, not %s", len(flows), o.view.format.name)
	}
	return o.view.output.write(func(w io.Writer) error {
		for i, f := range flows {
			if i > 0 {
				fmt.Fprintln(w, strings.Repeat("─", 72))
			}
			if err := report.Observed(w, f, o.view.output.textOptions()); err != nil {
				return err
			}
		}
		return nil
	})
}
