package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/webui"
)

type reportOptions struct {
	sources  sources
	programs []string // empty: all
	dir      string
	title    string
	lang     string
	pictures bool
	hidden   bool
}

func (a *app) reportCommand() *cobra.Command {
	o := &reportOptions{}
	cmd := &cobra.Command{
		Use:   "report -o DIR [PROGRAM...]",
		Short: "Write a site with a page for every command",
		Long: `Write a folder that a browser opens without network and without server: an
index of every command, HTTP route and RPC method of the PROGRAMs, or of all
programs; a page for each with its article, its picture and the explorer; and
the map of the programs with what passes between them and what finds no
partner. Commands that do the same share a page, and what pages have in common is
kept once.

A command that cannot be followed is listed with the reason; then the exit
status is 1. The folder is written whole or not at all; an older report in its
place is replaced.`,
		Example: `  callroute report --src moby --src containerd -o site
  callroute report -f callroute.yaml -o site docker`,
		ValidArgsFunction: a.completePrograms(&o.sources),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.programs = args
			return a.report(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sources.register(cmd)
	flags.StringVarP(&o.dir, "output", "o", "", "write to the folder `DIR`")
	must(cmd.MarkFlagDirname("output"))
	flags.StringVar(&o.title, "title", "", "of the index (default the names of the programs)")
	flags.StringVar(&o.lang, "lang", string(article.English), "of the pages: en or zh")
	must(cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"en", "zh"}, cobra.ShellCompDirectiveNoFileComp)))
	flags.BoolVar(&o.pictures, "pictures", false, "with a picture by Graphviz of each route, too, if callroute-graphviz is there")
	flags.BoolVar(&o.hidden, "hidden", false, "with the commands that help texts leave out")
	return cmd
}

func (a *app) report(ctx context.Context, o *reportOptions) error {
	switch {
	case o.dir == "":
		return errors.New("report to where? name a folder with -o")
	case o.lang != string(article.English) && o.lang != string(article.Chinese):
		return fmt.Errorf("--lang %q: the languages are en and zh", o.lang)
	}
	if err := webui.CheckSite(o.dir); err != nil {
		return err
	}
	an, err := a.analysis(ctx, o.sources)
	if err != nil {
		return err
	}
	commands, err := o.commands(ctx, an)
	if err != nil {
		return err
	}
	endpoints, err := an.Endpoints(ctx)
	if err != nil {
		return err
	}
	site := webui.SiteOptions{
		Options: webui.Options{Lang: article.Lang(o.lang)}, Title: o.title,
		Commands: commands, Endpoints: endpoints,
		Trace: func(ctx context.Context, c flow.Command) (*flow.Flow, error) {
			return an.Trace(ctx, analyzer.Query{Program: c.Program, Command: c.Words, View: narrow.View{Code: true}})
		},
		Progress: func(done, all int, command string) {
			a.progress.say(fmt.Sprintf("%d of %d: %s", done+1, all, command))
		},
	}
	if site.Title == "" {
		site.Title = strings.Join(programsOf(commands), ", ")
	}
	if d := newDrawer(a.getenv); o.pictures && d.path != "" {
		site.Draw = func(w io.Writer, f *flow.Flow) error {
			return drawFlow(w, f, viewOptions{draw: d, lang: article.Lang(o.lang)}, "svg")
		}
	}
	result, err := webui.Site(ctx, o.dir, site)
	if err != nil {
		return err
	}
	a.progress.stop()
	for _, failed := range result.Failed {
		a.complain("%s", failed)
	}
	if len(result.Failed) > 0 {
		return errFindings
	}
	return nil
}

// commands is what the site has pages for: what can be traced, and the programs
// without a command line from main on.
func (o *reportOptions) commands(ctx context.Context, an analysis) ([]flow.Command, error) {
	var all []flow.Command
	programs := o.programs
	if len(programs) == 0 {
		programs = []string{""}
	}
	for _, program := range programs {
		commands, err := an.Commands(ctx, program)
		if err != nil {
			return nil, err
		}
		if len(commands) == 0 && program != "" {
			all = append(all, flow.Command{Program: program})
		}
		all = append(all, commands...)
	}
	if !o.hidden {
		all = slices.DeleteFunc(all, func(c flow.Command) bool { return c.Hidden })
	}
	for _, program := range programsOf(all) {
		// What has a command line does nothing without one.
		if !slices.ContainsFunc(all, func(c flow.Command) bool {
			return c.Program == program && (c.Kind == flow.Registration || c.Kind == "")
		}) {
			all = append(all, flow.Command{Program: program})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no commands found in %s", strings.Join(an.Programs(), ", "))
	}
	return all, nil
}

func programsOf(commands []flow.Command) []string {
	var names []string
	for _, c := range commands {
		names = append(names, c.Program)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
