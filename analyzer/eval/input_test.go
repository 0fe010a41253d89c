package eval_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const kettle = `
-- go.mod --
module example.com/kettle

go 1.26
-- main.go --
package main

import (
	"encoding/json"
	"flag"
	"io"
	"net/url"
	"strings"
)

type options struct {
	quiet bool
	heat  string
	lid   bool
	shown bool
}

type order struct {
	Cups  int
	Sugar bool
}

type pour struct{ fast, full bool }

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
	serve(pour{fast: o.quiet})
	take(nil)
	answer(url.Values{})
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

func serve(p pour) {
	if p.fast {
		whistle()
	}
	if p.full {
		whistle()
	}
}

func take(r io.Reader) {
	var o order
	if err := json.NewDecoder(r).Decode(&o); err != nil {
		return
	}
	if o.Cups == 2 {
		whistle()
	}
	if o.Sugar {
		whistle()
	}
	sweet := order{Sugar: true}
	if sweet.Sugar {
		whistle()
	}
}

func answer(q url.Values) {
	if on(q, "milk") {
		whistle()
	}
	if q.Get("size") != "small" {
		whistle()
	}
	if q.Get("size") == q.Get("milk") {
		whistle()
	}
}

func on(q url.Values, key string) bool {
	switch strings.ToLower(q.Get(key)) {
	case "", "0", "no":
		return false
	}
	return true
}

func whistle() {}
`

// TestCondition asks which conditions a command line or a request decides, as flags
// that are copied, keys of a query through a function, and fields of a message. None
// where the program sets the variable, too, or compares two inputs.
func TestCondition(t *testing.T) {
	u := unit.Load(t, kettle, "kettle")
	u.Eval.Reads = u.Models.Reads
	for name, want := range map[string][]string{
		"main":  {"--steam false:no true:yes"},
		"boil":  {"--quiet false:no true:yes", "--heat :no 1:no true:no 0:no false:no high:yes other:no", "--lid false:no true:yes", "--loud false:yes true:no", "--steam false:no true:yes"},
		"serve": {"--quiet false:no true:yes"},
		"take":  {"order.cups 0:no 2:yes other:no", "order.sugar false:no true:yes"},
		"answer": {
			"?milk :no 1:yes true:yes 0:no false:yes no:no",
			"?size :yes 1:yes true:yes 0:yes false:yes small:no other:yes",
		},
	} {
		fn := u.Program.Main.Func(name)
		fr := u.Eval.Root(fn)
		if name != "main" { // as its one caller calls it
			for _, s := range u.Graph.In(fn) {
				fr = u.Eval.Below(u.Eval.Root(s.Caller), s.Instr, fn)
			}
		}
		var got []string
		decide := u.Eval.Context().Decide()
		for _, b := range fn.Blocks {
			if branch, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If); ok {
				if c := decide.Condition(branch.Cond, fr); c != nil {
					got = append(got, written(c))
				}
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// written is a condition as INPUT VALUE:yes VALUE:no.
func written(c *eval.Condition) string {
	out := string(c.Input)
	for _, x := range c.Cases {
		value, yes := x.Value, "no"
		if x.Other {
			value = "other"
		}
		if x.Yes {
			yes = "yes"
		}
		out += fmt.Sprintf(" %s:%s", value, yes)
	}
	return out
}
