package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
)

func (a *app) renderCommand() *cobra.Command {
	v := &view{output: output{app: a}, format: textFormat}
	var keep narrow.View
	cmd := &cobra.Command{
		Use:   "render TRACE.json",
		Short: "Show a saved route in another form, or a part of it",
		Long: `Show a route that callroute trace saved with --format json in any other
form, or a part of it, without analyzing again. "-" reads standard input. Views
that show code need a trace that was saved with --code.`,
		Example: `  callroute trace docker run --code --format json -o run.json
  callroute render run.json -o run.svg
  callroute render run.json --to main.main --depth 4
  callroute render run.json --format md --lang zh -o run.md`,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.tables = cmd.Flags().Changed("code") && !keep.Code
			if len(args) != 1 {
				return errors.New("render what? name one file that callroute trace --format json wrote, or -")
			}
			if err := cmp.Or(v.check(), checkNarrowing(keep)); err != nil {
				return err
			}
			f, err := readTrace(args[0])
			if err != nil {
				return err
			}
			return v.part(f, keep)
		},
	}
	cmd.Flags().SortFlags = false
	v.register(cmd)
	registerNarrowing(cmd, &keep)
	return cmd
}

// part writes what keep leaves of a saved trace.
func (v *view) part(f *flow.Flow, keep narrow.View) error {
	what := strings.Join(append([]string{f.Program}, f.Command...), " ")
	whole := len(f.Spine)
	f, err := keep.Apply(f)
	if err != nil {
		return err
	}
	if whole > 0 && len(f.Spine) == 0 {
		return nothingLeft(what)
	}
	if v.format.name == textFormat.name && !keep.Code {
		f = withoutCode(f)
	}
	return v.write(f)
}

// withoutCode is f as it would be without --code.
func withoutCode(f *flow.Flow) *flow.Flow {
	out := *f
	out.Nodes = slices.Clone(f.Nodes)
	for i := range out.Nodes {
		out.Nodes[i].Code = nil
	}
	return &out
}

// readTrace reads a saved trace.
func readTrace(name string) (*flow.Flow, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the trace: %w", err)
		}
		defer file.Close()
		in = file
	}
	f, err := flow.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
