package boundary

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
)

// Made is an object that stands for a command, in the context in which it was
// met: a variable of the program, or what a library function returned.
type Made struct {
	Value eval.Value // eval.Object or eval.Result
	Ctx   *eval.Context
}

// Frame is the activation in which the object was made, nil for a package
// variable.
func (m Made) Frame() *eval.Frame {
	switch v := m.Value.(type) {
	case eval.Object:
		return v.Frame
	case eval.Result:
		return v.Frame
	}
	return nil
}

// Site is the value that made the object.
func (m Made) Site() ssa.Value {
	switch v := m.Value.(type) {
	case eval.Object:
		return v.Site
	case eval.Result:
		return v.Call
	}
	return nil
}

func (m Made) path() []int {
	if o, ok := m.Value.(eval.Object); ok {
		return o.Path
	}
	return nil
}

// calls is the calls that led to the place where m was made, nearest first.
func (m Made) calls() []ssa.CallInstruction {
	fr := m.Frame()
	if fr == nil {
		return nil
	}
	chain := m.Ctx.Chain(fr)
	slices.Reverse(chain)
	return chain
}

// Same reports whether a and b can be one object: made at one place, by calls
// that agree as far as both are known.
func Same(a, b Made) bool {
	if a.Site() == nil || a.Site() != b.Site() || !slices.Equal(a.path(), b.path()) {
		return false
	}
	x, y := a.calls(), b.calls()
	n := min(len(x), len(y))
	return slices.Equal(x[:n], y[:n])
}

// CommandObjects reads the command objects of one library.
type CommandObjects struct {
	*CommandRoutes
	later map[string][]laterStore // field → stores through pointers
}

// laterStore is base.field = value, where base is not a variable of the
// function it stands in.
type laterStore struct {
	store *ssa.Store
	base  Made // with the context in which the base is that object
}

// NewCommandObjects prepares to read the named fields of the library's types,
// given as "import/path.Type". A type that the program does not have is
// skipped.
func (u *Unit) NewCommandObjects(types, fields []string) *CommandObjects {
	t := &CommandObjects{CommandRoutes: u.NewCommandRoutes(), later: map[string][]laterStore{}}
	for _, sp := range u.Program.SSA.AllPackages() {
		for _, name := range types {
			path, base := splitSymbol(name)
			if sp.Pkg.Path() != path || sp.Type(base) == nil {
				continue
			}
			for _, f := range fields {
				if i := index.FieldNamed(sp.Type(base).Type(), f); i >= 0 {
					t.addLater(sp.Type(base), f, i)
				}
			}
		}
	}
	return t
}

func splitSymbol(s string) (path, name string) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' {
			return s[:i], s[i+1:]
		}
	}
	return "", s
}

func (t *CommandObjects) addLater(typ *ssa.Type, name string, i int) {
	for _, st := range t.Index.FieldStores(index.Field(typ.Type(), i)) {
		addr, ok := st.Addr.(*ssa.FieldAddr)
		if !ok {
			continue
		}
		switch addr.X.(type) {
		case *ssa.Alloc, *ssa.Global, *ssa.IndexAddr, *ssa.FieldAddr:
			continue // Context.Own has these
		}
		for _, m := range t.Objects(st.Parent(), addr.X) {
			t.later[name] = append(t.later[name], laterStore{st, m})
		}
	}
}

// Objects is the objects that v, an operand in fn, can be, each with the
// context in which it is that one.
func (u *Unit) Objects(fn *ssa.Function, v ssa.Value) []Made {
	var out []Made
	root := u.Eval.Root(fn)
	Settled(u.Eval.Context(), func(c *eval.Context) []eval.Value { return c.Eval(v, root) }, func(c *eval.Context, vs []eval.Value) {
		for _, v := range vs {
			if m := (Made{v, c}); m.Site() != nil {
				out = append(out, m)
			}
		}
	})
	return out
}

// Settled visits the values of get in every context below c in which callers
// and elements are chosen.
func Settled(c *eval.Context, get func(*eval.Context) []eval.Value, visit func(*eval.Context, []eval.Value)) {
	c.Refine(func(c *eval.Context) []eval.Hole { return holes(get(c)) }, func(c *eval.Context) { visit(c, get(c)) })
}

// holes is what a choice of context can fill. The elements of a list are left
// for later: each has contexts of its own.
func holes(values []eval.Value) []eval.Hole {
	var out []eval.Hole
	for _, v := range values {
		switch v := v.(type) {
		case eval.Hole:
			if v.Kind != eval.Opaque {
				out = append(out, v)
			}
		case eval.Text:
			out = append(out, v.Holes()...)
		case eval.List:
			for _, el := range v.Elems {
				if h, ok := el.Hole(); ok {
					out = append(out, h)
				}
			}
		}
	}
	return out
}

// Standing is the context and frame in which an instruction that names the
// object m runs: m's own when it stands in the function that made m, or in one that
// had it made.
func (t *CommandObjects) Standing(m, base Made, instr ssa.Instruction) (*eval.Context, *eval.Frame) {
	fr := m.Frame()
	for range maxMakers {
		if fr == nil {
			break
		}
		if fr.Fn == instr.Parent() {
			return m.Ctx, fr
		}
		_, fr = m.Ctx.Caller(fr)
	}
	return base.Ctx, t.Eval.Root(instr.Parent())
}

// Copied is the commands whose struct was assigned to m as a whole.
func (t *CommandObjects) Copied(m Made) []Made {
	o, ok := m.Value.(eval.Object)
	if !ok {
		return nil
	}
	var out []Made
	for _, src := range m.Ctx.Sources(o) {
		out = append(out, Made{src, m.Ctx})
	}
	return out
}

// Item is one element of a list of commands.
type Item struct {
	Made
	At *eval.Frame // where it was put into the list
}

// Items is the command objects in the lists that get returns, each in the
// contexts in which it is one. A single object is a list of one, put in at fr.
func Items(c *eval.Context, get func(*eval.Context) []eval.Value, fr *eval.Frame) []Item {
	var out []Item
	add := func(c *eval.Context, v eval.Value, at *eval.Frame) {
		if m := (Made{v, c}); m.Site() != nil {
			out = append(out, Item{m, at})
		}
	}
	Settled(c, get, func(c *eval.Context, vs []eval.Value) {
		for _, v := range vs {
			l, ok := v.(eval.List)
			if !ok {
				add(c, v, fr)
				continue
			}
			for _, el := range l.Elems {
				Settled(c, func(c *eval.Context) []eval.Value { return c.Element(el) }, func(c *eval.Context, vs []eval.Value) {
					for _, v := range vs {
						add(c, v, el.Frame)
					}
				})
			}
		}
	})
	return out
}

// Texts is the constant texts in a field that is a list of them.
func (t *CommandObjects) Texts(m Made, name string) []string {
	var out []string
	for _, s := range t.Field(m, name) {
		vs := []eval.Value{s.Value}
		if l, ok := s.Value.(eval.List); ok {
			vs = nil
			for _, el := range l.Elems {
				vs = append(vs, s.Ctx.Element(el)...)
			}
		}
		for _, v := range vs {
			if text, ok := v.(eval.Text); ok {
				if c, ok := text.Const(); ok && c != "" && !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// True reports whether a field is set to true on every path.
func (t *CommandObjects) True(m Made, name string) bool {
	set := t.Field(m, name)
	for _, s := range set {
		if c, ok := eval.AsText(s.Value).Const(); !ok || c != "true" {
			return false
		}
	}
	return len(set) > 0
}

// Position is where the command is declared.
func Position(m Made) token.Pos {
	if pos := eval.Position(m.Site()); pos.IsValid() {
		return pos
	}
	if refs := m.Site().Referrers(); refs != nil { // an element written in place
		for _, r := range *refs {
			if r.Pos().IsValid() {
				return r.Pos()
			}
		}
	}
	return token.NoPos
}

// Holds is the nodes that lead to the place where the setting stands.
func (t *CommandObjects) Holds(s Setting) []Node {
	if s.At != nil {
		return t.Chain(s.Ctx, s.At)
	}
	return t.Holder(s.In)
}
