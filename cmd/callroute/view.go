package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

// view is the flags that say how a flow is shown, and where.
type view struct {
	output   output
	format   format
	lang     string
	nodes    int
	portrait bool
	tree     bool
	brief    bool
	json     bool
	tables   bool // of an article: --code=false
	gaps     bool
}

func (v *view) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&v.format, "format", "how to write the route: "+strings.Join(formatNames()[:len(formats)-1], ", ")+" or "+formatNames()[len(formats)-1]+" (default as the name of the file says, else text)")
	flags.BoolVar(&v.json, "json", false, "the same as --format json")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp)))
	flags.BoolVar(&v.tree, "tree", false, "with --format text: every branch, not only the route")
	flags.BoolVar(&v.brief, "brief", false, "with --format text: one screen, the ends of each process's part")
	flags.BoolVar(&v.portrait, "portrait", false, "with --format svg: from top to bottom, as wide as a page; needs no callroute-graphviz")
	flags.IntVar(&v.nodes, "nodes", 0, "in a picture: up to `N` functions beside the route")
	flags.BoolVar(&v.gaps, "gaps", false, "with --format sarif: each gap as a result, too")
	flags.StringVar(&v.lang, "lang", string(article.English), "of articles and pictures: en or zh")
	must(cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"en", "zh"}, cobra.ShellCompDirectiveNoFileComp)))
	v.output.register(cmd)
}

// check finds out before long work whether it will be able to write.
func (v *view) check() error {
	switch {
	case v.json && v.format.chosen && v.format.name != jsonFormat.name:
		return fmt.Errorf("--json and --format %s exclude each other", v.format.name)
	case v.json:
		v.format = jsonFormat
	case !v.format.chosen:
		if named := formatOf(v.output.file); named != nil {
			v.format = *named
		}
	}
	switch {
	case v.nodes < 0:
		return fmt.Errorf("--nodes %d is negative", v.nodes)
	case v.tree && v.format.name != textFormat.name:
		return errors.New("--tree goes with --format text only")
	case v.brief && v.format.name != textFormat.name:
		return errors.New("--brief goes with --format text only")
	case v.portrait && v.format.name != "svg":
		return errors.New("--portrait goes with --format svg only")
	case v.gaps && v.format.name != "sarif":
		return errors.New("--gaps goes with --format sarif only")
	case v.brief && v.tree:
		return errors.New("--brief and --tree exclude each other")
	case v.lang != string(article.English) && v.lang != string(article.Chinese):
		return fmt.Errorf("--lang %q: the languages are en and zh", v.lang)
	case v.format.pipe && v.output.stdout() && isTerminal(v.output.app.stdout):
		return fmt.Errorf("--format %s is not for a terminal; name a file with -o", v.format.name)
	}
	return v.output.check()
}

// exportTime is now, or what SOURCE_DATE_EPOCH says, with which two runs write the
// same bytes.
func exportTime(getenv func(string) string) time.Time {
	if seconds, err := strconv.ParseInt(getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	return time.Now()
}

func (v *view) write(f *flow.Flow) error {
	o := viewOptions{text: v.output.textOptions(), brief: v.brief, portrait: v.portrait, tables: v.tables, lang: article.Lang(v.lang), nodes: v.nodes, gaps: v.gaps, time: exportTime(v.output.app.getenv), draw: newDrawer(v.output.app.getenv)}
	o.text.Tree = v.tree
	return v.output.write(func(w io.Writer) error { return v.format.view(w, f, o) })
}
