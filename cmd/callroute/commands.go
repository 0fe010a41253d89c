package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

type commandsOptions struct {
	program string // empty: all
	sources sources
	output  output
	json    bool
}

func (a *app) commandsCommand() *cobra.Command {
	o := &commandsOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "commands [PROGRAM]",
		Short: "List what can be traced",
		Long: `List what callroute trace accepts: the command lines, HTTP routes and RPC
methods of PROGRAM, the folder name of a main package, or of every program.`,
		Example: `  callroute commands
  callroute commands --src moby --src containerd dockerd
  callroute commands --json -o commands.json`,
		ValidArgsFunction: a.completeProgram(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("commands takes one PROGRAM, not %d", len(args))
			}
			if len(args) == 1 {
				o.program = args[0]
			}
			return a.commands(cmd.Context(), o)
		},
	}
	cmd.Flags().SortFlags = false
	o.sources.register(cmd)
	o.output.register(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

func (a *app) commands(ctx context.Context, o *commandsOptions) error {
	if err := o.output.check(); err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	if o.program == "" && !o.json && o.output.stdout() {
		return a.commandsByProgram(ctx, an, o)
	}
	commands, err := an.Commands(ctx, o.program)
	if err != nil {
		return err
	}
	a.keep(o.sources, an, o.program, commands)
	if len(commands) == 0 && !o.json {
		return noCommands(an)
	}
	a.progress.stop()
	return o.output.write(func(w io.Writer) error {
		if o.json {
			return report.JSON(w, commands)
		}
		return report.Commands(w, commands, o.output.textOptions())
	})
}

// commandsByProgram writes the commands of each program when they are known: of many
// programs the last ones take long.
func (a *app) commandsByProgram(ctx context.Context, an analysis, o *commandsOptions) error {
	var all []flow.Command
	auxiliary := an.Auxiliary()
	for _, name := range an.Programs() {
		if slices.Contains(auxiliary, name) {
			continue
		}
		commands, err := an.Commands(ctx, name)
		if err != nil {
			return err
		}
		if len(commands) == 0 {
			continue
		}
		a.progress.erase()
		if len(all) > 0 {
			fmt.Fprintln(a.stdout)
		}
		if err := report.Commands(a.stdout, commands, o.output.textOptions()); err != nil {
			return err
		}
		all = append(all, commands...)
	}
	a.progress.stop()
	a.keep(o.sources, an, o.program, all)
	if len(all) == 0 {
		return noCommands(an)
	}
	return nil
}

func noCommands(an analysis) error {
	return fmt.Errorf("no commands found; callroute trace PROGRAM follows a program from main on (%s)", strings.Join(an.Programs(), ", "))
}

// keep remembers for completions what was found of one program, or of all.
func (a *app) keep(s sources, an analysis, program string, commands []flow.Command) {
	if s.complete() != nil {
		return
	}
	cache := a.learnedOf(s)
	by := map[string][]flow.Command{}
	if program != "" {
		by[program] = []flow.Command{}
	}
	for _, c := range commands {
		by[c.Program] = append(by[c.Program], c)
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		cache.add(an.Programs(), name, by[name])
	}
}
