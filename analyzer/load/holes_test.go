package load

import (
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/txtar"
)

// TestHoles checks what the functions of testdata/holes.txtar still call.
func TestHoles(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/holes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	e := loadOnly(t, writeTree(t, archive))
	checkExecutable(t, e)
	pkg := buildAll(e).Package(e.Main.Types)
	checked := 0
	for line := range strings.Lines(string(archive.Comment)) {
		name, want, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if fn := pkg.Func(name); ok && fn != nil {
			checked++
			if got := strings.Join(called(e.Main, fn), ", "); got != want {
				t.Errorf("%s calls\n%s\nwant\n%s", name, got, want)
			}
		}
	}
	if checked != 15 {
		t.Errorf("%d functions were checked", checked)
	}
}

// called lists what a function and the literals in it call.
func called(p *Package, fn *ssa.Function) []string {
	var out []string
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			c, ok := i.(ssa.CallInstruction)
			if !ok || c.Common().StaticCallee() == nil {
				continue
			}
			callee := c.Common().StaticCallee()
			if callee.Parent() != nil {
				out = append(out, called(p, callee)...)
				continue
			}
			obj := callee.Object().(*types.Func).Origin()
			if why, ok := p.Opaque[obj]; ok {
				reason, _, _ := strings.Cut(why.Why, ": no required")
				out = append(out, "hole: "+reason)
			} else {
				out = append(out, callee.Name())
			}
		}
	}
	return out
}
