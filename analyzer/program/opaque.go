package program

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/load"
)

// Opaque says why a call of f cannot be followed into f, and whether that is so.
// The standard library is never opaque: what its functions do is known by name.
// A function that is implemented under another name of the program is not either;
// see Linked.
func (p *Program) Opaque(f *ssa.Function) (load.Opaque, bool) {
	if f.Blocks != nil || p.Std(f) || p.linked[f] != nil {
		return load.Opaque{}, false
	}
	if f.Origin() != nil {
		f = f.Origin()
	}
	obj, ok := f.Object().(*types.Func)
	if !ok {
		return load.Opaque{}, false // a wrapper, which go/ssa builds when it is asked for
	}
	if why, ok := p.opaque[obj.Origin()]; ok {
		return why, true
	}
	if pkg := pkgOf(f); pkg != nil && p.unbuilt[pkg] {
		return load.Opaque{Kind: load.Unloaded, Why: "is in " + pkg.Path() + ", whose bodies are not loaded"}, true
	}
	return load.Opaque{}, false
}

// Hole reports whether f is a function that the loader made up, to stand for what
// could not be type-checked.
func (p *Program) Hole(f *ssa.Function) bool { return load.IsHole(f.Name()) }

// Linked is the function with a body that //go:linkname makes the one of f, nil if
// f is none of those or the program does not have it.
func (p *Program) Linked(f *ssa.Function) *ssa.Function { return p.linked[f] }

// links finds the bodies of functions that are implemented under another name:
// the one that f asks for, or the one that asks to be f.
func (p *Program) links() map[*ssa.Function]*ssa.Function {
	bodies := map[string]*ssa.Function{} // by the linker's name
	asks := map[*ssa.Function]string{}   // the linker's name for what has no body
	for _, lp := range p.Exe.Packages {
		if len(lp.Links) == 0 && len(lp.Opaque) == 0 {
			continue
		}
		for _, m := range p.SSA.Package(lp.Types).Members {
			f, ok := m.(*ssa.Function)
			if !ok {
				continue
			}
			name, linked := lp.Links[f.Name()]
			if !linked {
				name = lp.Path + "." + f.Name()
			}
			if f.Blocks == nil {
				asks[f] = name
			} else if linked {
				bodies[name] = f
			}
		}
	}
	linked := map[*ssa.Function]*ssa.Function{}
	for f, name := range asks {
		if to := bodies[name]; to != nil {
			linked[f] = to
		} else if to := p.named(name); to != nil && to.Blocks != nil {
			linked[f] = to
		}
	}
	return linked
}

// named is the function of the program with the linker's name, "path.F", nil if
// there is none. Methods are not looked for.
func (p *Program) named(name string) *ssa.Function {
	for _, lp := range p.Exe.Packages {
		if lp.Types == nil || len(name) <= len(lp.Path) || name[:len(lp.Path)] != lp.Path || name[len(lp.Path)] != '.' {
			continue
		}
		if pkg := p.SSA.Package(lp.Types); pkg != nil {
			return pkg.Func(name[len(lp.Path)+1:])
		}
	}
	return nil
}
