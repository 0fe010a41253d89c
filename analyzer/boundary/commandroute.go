package boundary

import (
	"container/heap"
	"go/ast"
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/eval"
)

// maxFan is how many callees a site on a route may have. A site with more is a
// dispatch table and leads anywhere.
const maxFan = 12

// CommandRoutes finds the way from main.main to the places where commands are
// made.
type CommandRoutes struct {
	*Unit
	paths map[[2]*ssa.Function][]*ssa.Function
	vars  map[*ssa.Package][]variable
}

// variable is the extent of a package variable's declaration.
type variable struct {
	from, to token.Pos
	global   *ssa.Global
}

// NewCommandRoutes prepares to find routes.
func (u *Unit) NewCommandRoutes() *CommandRoutes {
	return &CommandRoutes{Unit: u, paths: map[[2]*ssa.Function][]*ssa.Function{}, vars: map[*ssa.Package][]variable{}}
}

// Main is main.main, nil when it has no body.
func (u *Unit) Main() *ssa.Function {
	if u.Program.Main == nil {
		return nil
	}
	return u.Program.Main.Func("main")
}

// Chain is the functions through which fr was entered, outermost first, fr's
// own last. Package initializers are left out: the variables stand for them.
func (r *CommandRoutes) Chain(c *eval.Context, fr *eval.Frame) []Node {
	if fr == nil {
		return nil
	}
	var out []Node
	add := func(f *ssa.Function) {
		if f.Synthetic == "" || f.Origin() != nil {
			out = append(out, f)
		}
	}
	for _, call := range c.Chain(fr) {
		add(call.Parent())
	}
	add(fr.Fn)
	return out
}

// Holder is the nodes through which m came to be: a chain of functions, or the
// package variable that holds it.
func (r *CommandRoutes) Holder(m Made) []Node {
	if g := r.Variable(m.Site()); g != nil {
		return []Node{g}
	}
	return r.Chain(m.Ctx, m.Frame())
}

// Variable is the package variable in whose declaration v stands, nil for none.
func (r *CommandRoutes) Variable(v ssa.Value) *ssa.Global {
	if g, ok := v.(*ssa.Global); ok {
		return g
	}
	instr, ok := v.(ssa.Instruction)
	if !ok || instr.Parent() == nil || instr.Parent().Synthetic == "" || instr.Parent().Pkg == nil {
		return nil
	}
	pos := eval.Position(v)
	for _, at := range r.variables(instr.Parent().Pkg) {
		if at.from <= pos && pos < at.to {
			return at.global
		}
	}
	return nil
}

func (r *CommandRoutes) variables(p *ssa.Package) []variable {
	if known, ok := r.vars[p]; ok {
		return known
	}
	var out []variable
	for _, lp := range r.Program.Exe.Packages {
		if lp.Types != p.Pkg {
			continue
		}
		for _, f := range lp.Files {
			for _, d := range f.Decls {
				if gd, ok := d.(*ast.GenDecl); ok && gd.Tok == token.VAR {
					out = append(out, declared(p, gd)...)
				}
			}
		}
	}
	r.vars[p] = out
	return out
}

func declared(p *ssa.Package, gd *ast.GenDecl) []variable {
	var out []variable
	for _, s := range gd.Specs {
		vs := s.(*ast.ValueSpec)
		for i, value := range vs.Values {
			if g, ok := p.Members[vs.Names[min(i, len(vs.Names)-1)].Name].(*ssa.Global); ok {
				out = append(out, variable{value.Pos(), value.End(), g})
			}
		}
	}
	return out
}

// Extend goes on from route along chain. Where they have a node in common the
// chain takes over; else they are joined by a shortest path of the call graph,
// or directly when there is none.
func (r *CommandRoutes) Extend(route, chain []Node) []Node {
	if len(chain) == 0 {
		return route
	}
	for i := len(route) - 1; i >= 0; i-- {
		for j := len(chain) - 1; j >= 0; j-- {
			if route[i] == chain[j] {
				return append(slices.Clone(route[:i+1]), chain[j+1:]...)
			}
		}
	}
	if to, ok := chain[0].(*ssa.Function); ok {
		for i := len(route) - 1; i >= 0; i-- {
			from, ok := route[i].(*ssa.Function)
			if !ok {
				continue
			}
			if p := r.path(from, to); p != nil {
				out := slices.Clone(route[:i+1])
				for _, f := range p[1:] {
					out = append(out, f)
				}
				return append(out, chain[1:]...)
			}
		}
	}
	return append(slices.Clone(route), chain...)
}

// Reaches reports whether main.main leads to f by calls that are no dispatch
// tables.
func (r *CommandRoutes) Reaches(f *ssa.Function) bool {
	m := r.Main()
	return m != nil && r.path(m, f) != nil
}

// path is a cheapest path of the call graph, nil for none. A site costs as much
// as it has callees; among equals the source order of the sites decides.
func (r *CommandRoutes) path(from, to *ssa.Function) []*ssa.Function {
	key := [2]*ssa.Function{from, to}
	if p, ok := r.paths[key]; ok {
		return p
	}
	p := r.search(from, to)
	r.paths[key] = p
	return p
}

func (r *CommandRoutes) search(from, to *ssa.Function) []*ssa.Function {
	q := &queue{{fn: from}}
	came := map[*ssa.Function]*ssa.Function{}
	done := map[*ssa.Function]bool{}
	seq := 0
	for q.Len() > 0 {
		at := heap.Pop(q).(reached)
		if done[at.fn] {
			continue
		}
		done[at.fn] = true
		came[at.fn] = at.from
		if at.fn == to {
			break
		}
		for _, s := range r.Graph.Out(at.fn) {
			if len(s.Callees) > maxFan {
				continue
			}
			for _, callee := range s.Callees {
				if !done[callee] {
					seq++
					heap.Push(q, reached{callee, at.fn, at.cost + len(s.Callees), seq})
				}
			}
		}
	}
	if !done[to] {
		return nil
	}
	var out []*ssa.Function
	for f := to; f != nil; f = came[f] {
		out = append(out, f)
	}
	slices.Reverse(out)
	return out
}

// reached is a function on the rim of the search; queue is that rim.
type reached struct {
	fn, from *ssa.Function
	cost     int
	seq      int
}

type queue []reached

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].cost < q[j].cost || q[i].cost == q[j].cost && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(reached)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
