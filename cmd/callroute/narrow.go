package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/narrow"
)

// registerNarrowing adds the flags that say what to keep of a route.
func registerNarrowing(cmd *cobra.Command, v *narrow.View) {
	flags := cmd.Flags()
	flags.BoolVar(&v.Code, "code", false, "with the lines of each function that matter, in text and JSON; articles have them unless --code=false")
	flags.Var(pattern{&v.To}, "to", "end the route at the first function that matches `NAME`: a name as it is shown, a regular expression, file.go:LINE, or what it sends or writes")
	flags.Var(pattern{&v.Focus}, "focus", "only routes through functions that match `NAME`")
	flags.Var(pattern{&v.Ignore}, "ignore", "no routes through functions that match `NAME`")
	flags.Var(pattern{&v.Show}, "show", "only functions that match `NAME`, and the ends of crossings between processes")
	flags.Var(pattern{&v.Hide}, "hide", "no functions that match `NAME`, but the ends of crossings between processes")
	flags.IntVar(&v.Depth, "depth", 0, "follow at most `N` calls inside one process; 0 is no limit")
}

func checkNarrowing(v narrow.View) error {
	if v.Depth < 0 {
		return fmt.Errorf("--depth %d is negative", v.Depth)
	}
	return nil
}

func nothingLeft(what string) error {
	return fmt.Errorf("nothing of %s is left to show; loosen --focus, --ignore, --show or --hide", what)
}

// pattern is a flag that names functions.
type pattern struct{ p **narrow.Pattern }

func (p pattern) Set(s string) (err error) {
	*p.p, err = narrow.Parse(s)
	return err
}

func (p pattern) String() string {
	if p.p == nil || *p.p == nil {
		return ""
	}
	return (*p.p).String()
}

func (p pattern) Type() string { return "NAME" }
