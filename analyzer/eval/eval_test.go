package eval_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/internal/unit"
	"github.com/callroute/callroute/analyzer/text"
)

// The calls of sink are what the tests ask about: sink("name", value).
const kiln = `
-- go.mod --
module example.com/kiln

go 1.26
-- main.go --
package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"
)

func sink(name, value string) {}

const base = "/v1"

type glaze struct{ kind, tint string }

func (g *glaze) name() string { return g.kind + "-" + g.tint }

func (g *glaze) darken() { g.tint = "dark" }

var list = []glaze{{"salt", "blue"}, {"ash", "green"}}

var table = map[string]string{"hot": "fire", "cold": "rest"}

func fire(id string) { post("/kilns/" + id + "/fire") }

func empty(id string) { post("/kilns/" + id + "/empty") }

func post(p string) { send("POST", base+p) }

func send(method, p string) { sink("request", method+" "+p) }

func warm() string { return "warm" }

type bench struct{ upper, lower [2]string }

func (b *bench) swap() { b.upper, b.lower = b.lower, b.upper }

var makers = map[string]func() string{}

func fill() { makers["warm"] = warm }

func main() {
	fill()
	sink("made", makers["warm"]())
	addr := flag.String("addr", "localhost:8", "")
	flag.Parse()
	sink("sprintf", fmt.Sprintf("%s/%d%%", "a", 7))
	sink("join", path.Join("/a/", "/b", "c"))
	sink("url", (&url.URL{Host: "h", Path: "/x"}).String())
	sink("upper", strings.ToUpper("ab"))
	sink("flag", *addr)
	sink("unknown", os.Getenv("X"))
	sink("complex", fmt.Sprintf("/%v", complex64(1)))
	g := &glaze{kind: "tin"}
	sink("field", g.kind)
	sink("method", (&glaze{"lead", "white"}).name())
	sink("map", table["hot"])
	for _, l := range list {
		sink("element", l.kind+l.tint)
	}
	g.darken()
	sink("later", g.tint)
	b := &bench{}
	b.swap()
	sink("swapped", b.upper[1])
	choice := "a"
	if len(os.Args) > 1 {
		choice = "b"
	}
	sink("either", choice)
	fire(os.Args[1])
	empty(os.Args[2])
}
`

// asked is what sink is given under each name, one text for each context.
func asked(t *testing.T) map[string][]string {
	t.Helper()
	u := unit.Load(t, kiln, "kiln")
	got := map[string][]string{}
	for _, call := range u.Index.Calls("example.com/kiln.sink") {
		root := u.Eval.Root(call.In)
		args := call.Instr.Common().Args
		name, _ := eval.AsText(u.Eval.Context().Eval(args[0], root)[0]).Const()
		u.Eval.Contexts(
			func(c *eval.Context) []eval.Hole {
				// the id of a request is a hole that nobody needs filled
				return slices.DeleteFunc(eval.Holes(c.Eval(args[1], root)), func(h eval.Hole) bool { return h.V.Name() == "id" })
			},
			func(c *eval.Context) {
				for _, v := range c.Eval(args[1], root) {
					got[name] = append(got[name], eval.AsText(v).Pattern())
				}
			})
	}
	for _, texts := range got {
		slices.Sort(texts)
	}
	return got
}

func TestEval(t *testing.T) {
	got := asked(t)
	for name, want := range map[string]string{
		"made":    "warm",
		"sprintf": "a/7%",
		"join":    "/a/b/c",
		"url":     "//h/x",
		"upper":   "AB",
		"flag":    "localhost:8",
		"unknown": "*",
		"complex": "/*", // no kind of number that is followed
		"field":   "tin",
		"method":  "lead-white", // darken runs on another glaze
		"map":     "fire",
		"element": "ashgreen saltblue",
		"later":   "dark",
		"swapped": "*", // each array is only ever the other one
		"either":  "a b",
		"request": "POST /v1/kilns/*/empty|POST /v1/kilns/*/fire",
	} {
		sep := " "
		if strings.Contains(want, "|") {
			sep = "|"
		}
		if have := strings.Join(got[name], sep); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
}

func TestTextPattern(t *testing.T) {
	hole := eval.AsText(eval.Hole{}).Text
	two := text.Concat(hole, hole, text.Lit("/x"))
	if got := two.Pattern(); got != "*/x" {
		t.Errorf("two holes in a row: %q", got)
	}
	if _, ok := two.Const(); ok {
		t.Error("a text with a hole is not a constant")
	}
}
