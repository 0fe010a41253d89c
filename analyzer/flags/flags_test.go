package flags_test

import (
	"fmt"
	"go/types"
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

func boil(options, bool) {}

func whistle() {}
`

// TestOf asks which fields stand for flags: none where the program sets the variable,
// too.
func TestOf(t *testing.T) {
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
	options := u.Program.Main.Type("options").Type().Underlying().(*types.Struct)
	for f := range options.Fields() {
		flag, ok := set.Of(f)
		if want := f.Name() != "shown"; ok != want || ok && flag.Name != f.Name() {
			t.Errorf("%s: the flag %q, %v", f.Name(), flag.Name, ok)
		}
		if !set.Defines(f) {
			t.Errorf("%s: more than a definition has its address", f.Name())
		}
	}
}
