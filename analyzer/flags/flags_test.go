package flags_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flags"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const kettle = `
-- go.mod --
module example.com/kettle

go 1.26
-- main.go --
package main

import "flag"

type options struct {
	quiet bool
	heat  string
	lid   bool
	shown bool
}

var loud bool

func main() {
	var o options
	flag.BoolVar(&o.quiet, "quiet", false, "say nothing")
	flag.StringVar(&o.heat, "heat", "low", "how hot")
	flag.BoolVar(&o.lid, "lid", true, "close the lid")
	flag.BoolVar(&o.shown, "shown", false, "and set by the program, too")
	flag.BoolVar(&loud, "loud", false, "whistle")
	steam := flag.Bool("steam", false, "let it out")
	flag.Parse()
	o.shown = flag.NArg() > 0
	boil(o, *steam)
	if *steam {
		whistle()
	}
}

func boil(o options, steam bool) {
	if !o.quiet {
		whistle()
	}
	if o.heat == "high" || o.lid {
		whistle()
	}
	if o.shown {
		whistle()
	}
	if loud != true {
		whistle()
	}
	if steam {
		whistle()
	}
}

func whistle() {}
`

// TestConditions asks which branches flags decide; a negation exchanges the sides of one. None where the program sets the
// variable, too, or hands its value on before it asks.
func TestConditions(t *testing.T) {
	u := unit.Load(t, kettle, "kettle")
	set := flags.Find(u.Program, u.Index)
	var defined []string
	for _, f := range set.Defined() {
		defined = append(defined, fmt.Sprintf("%s=%s", f.Name, f.Default))
	}
	slices.Sort(defined)
	if got, want := strings.Join(defined, " "), "heat=low lid=true loud=false quiet=false shown=false steam=false"; got != want {
		t.Errorf("flags %q, want %q", got, want)
	}
	for name, want := range map[string]string{
		"main": "steam = true",
		"boil": "quiet = true, heat = high, lid = true, not loud = true",
	} {
		var got []string
		for _, c := range set.Conditions(u.Program.Main.Func(name)) {
			text := fmt.Sprintf("%s %s %s", c.Name, c.Op, c.Value)
			if c.Not {
				text = "not " + text
			}
			got = append(got, text)
		}
		if list := strings.Join(got, ", "); list != want {
			t.Errorf("%s: %q, want %q", name, list, want)
		}
	}
}
