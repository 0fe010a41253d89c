package provenance_test

import (
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/unit"
	"github.com/callroute/callroute/analyzer/provenance"
)

const kiln = `
-- go.mod --
module example.com/kiln

go 1.26
-- main.go --
package main

import "errors"

type burner interface{ burn() }

type gas struct{ pressure int }

func (*gas) burn() {}

type wood struct{}

func (wood) burn() {}

// A field that another method sets, an accessor, a constructor that returns an
// empty value along with an error, and one that is called through a parameter.
type kiln struct {
	b      burner
	either burner
}

func (k *kiln) burner() burner { return k.b }

func (k *kiln) light(name string) {
	var err error
	k.b, err = connect(name)
	if err != nil {
		k.b, _ = again(func() (burner, error) { return connect(name) })
	}
}

func again(try func() (burner, error)) (burner, error) { return try() }

func connect(name string) (burner, error) {
	if err := check(name); err != nil {
		return &gas{}, err
	}
	return newGas(name)
}

func check(name string) error {
	if name == "" {
		return errors.New("no name")
	}
	return nil
}

func newGas(string) (*gas, error) { return &gas{pressure: 1}, nil }

func accessor(k *kiln) { k.burner().burn() }

// Two makers: only what both ways pass is named.
func pick(b bool) burner {
	if b {
		return one()
	}
	return two()
}
func one() burner      { return &gas{pressure: 1} }
func two() burner      { return &gas{pressure: 2} }
func chosen(b bool)    { pick(b).burn() }

// A copy is made where it becomes an interface.
func copied() { made().burn() }
func made() burner { return wood{} }

// An option stores it.
type option func(*kiln)

func with(b burner) option { return func(k *kiln) { k.either = b } }
func open(opts ...option) *kiln {
	k := &kiln{}
	for _, o := range opts {
		o(k)
	}
	return k
}
func optional() { open(with(&gas{})).either.burn() }

// It may as well come out of the map.
var known = map[string]burner{"x": &gas{}}

func lookup(name string) burner {
	if b, ok := known[name]; ok {
		return b
	}
	return one()
}
func lost(name string) { lookup(name).burn() }

// A local one: nobody else has it in hand.
func local() {
	var b burner = &gas{}
	b.burn()
}

// An embedded type is made with what embeds it.
type big struct{ *gas }

func promoted() { newBig().burn() }
func newBig() burner { return &big{} }

func main() {
	k := &kiln{}
	k.light("x")
	accessor(k)
	chosen(true)
	copied()
	optional()
	lost("x")
	local()
	promoted()
}
`

func TestOf(t *testing.T) {
	u := unit.Load(t, kiln, "kiln")
	finder := provenance.Finder{Index: u.Index, Graph: u.Graph}
	got := map[string]string{}
	for _, f := range u.Program.Funcs {
		for _, site := range u.Graph.Out(f) {
			if site.Kind != flow.Interface {
				continue
			}
			for _, callee := range site.Callees {
				var makers []string
				for _, m := range finder.Of(site.Instr, callee) {
					makers = append(makers, strings.TrimPrefix(u.Program.Name(m.Func), "example.com/kiln."))
					if !m.Pos.IsValid() {
						t.Errorf("%s has no place", makers[len(makers)-1])
					}
				}
				name := f.Name()
				if len(site.Callees) > 1 {
					name += " " + callee.String()
				}
				got[name] = strings.Join(makers, " ")
			}
		}
	}
	for caller, want := range map[string]string{
		"accessor": "(*kiln).burner (*kiln).light connect newGas",
		"chosen":   "pick",
		"copied":   "made",
		"optional": "with.func1 with",
		"lost":     "lookup",
		"local":    "",
		"promoted": "newBig",
	} {
		if got[caller] != want {
			t.Errorf("%s: called on what comes from %q, want %q", caller, got[caller], want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}
