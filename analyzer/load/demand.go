package load

import (
	"context"
	"go/ast"
	"maps"
	"slices"
)

// A demand decides what of each package is loaded at all. A user package is
// loaded whole. Of a library, a declaration is loaded when something loaded
// mentions its name, and a method when its type is loaded and anything loaded
// mentions a method of its name, as a selector or in an interface. Of the
// standard library, every exported declaration is, so that its packages are the
// same for all executables.
//
// Names are compared, not resolved: there are no types yet. So more may be
// loaded than is needed, and never less: whatever go/types can come across in a
// loaded declaration has its name written there, or in an interface.
type demand struct {
	loader  *Loader
	round   []*unit                   // mentioned and not parsed yet
	touched map[*unit]bool            // mentioned at all
	wanted  map[*unit]map[string]bool // package-level names
	methods map[string]bool           // method names
	waiting map[string][]*declaration // methods of loaded types that nobody mentioned
	queue   []*declaration            // live and not scanned yet
	follow  map[*unit]map[*unit]bool  // which packages the live code of a library mentions
	effects map[*unit]bool            // libraries with a live effect; see bodies.go
}

// choose runs the whole selection: it sets bodies and removes from the syntax
// of the units what is not loaded. It returns the units that are.
func (l *Loader) choose(ctx context.Context, units []*unit) ([]*unit, error) {
	l.suspect(units)
	user := newDemand(l)
	for _, u := range units {
		if u.whole() {
			user.touch(u)
		}
	}
	// What user packages ask for is found once. From there on the libraries
	// are followed twice: as if all that may have bodies had them, which shows
	// which of them need them, and then with those only.
	if err := user.settle(ctx, onlyWhole); err != nil {
		return nil, err
	}
	trial := user.clone()
	if err := trial.settle(ctx, everything); err != nil {
		return nil, err
	}
	trial.keepCarriers(units)
	final := user.clone()
	for _, u := range units {
		u.forget()
	}
	if err := final.settle(ctx, everything); err != nil {
		return nil, err
	}
	var loaded []*unit
	for _, u := range units {
		if final.touched[u] {
			u.prune()
			loaded = append(loaded, u)
		}
	}
	return loaded, nil
}

// extent says how far settle goes.
type extent int

const (
	everything extent = iota
	onlyWhole         // only as far as packages that are loaded whole
)

func newDemand(l *Loader) *demand {
	return &demand{
		loader: l, touched: map[*unit]bool{}, wanted: map[*unit]map[string]bool{}, methods: map[string]bool{"Error": true},
		waiting: map[string][]*declaration{}, follow: map[*unit]map[*unit]bool{}, effects: map[*unit]bool{},
	}
}

func (d *demand) clone() *demand {
	c := newDemand(d.loader)
	c.round = slices.Clone(d.round)
	c.touched = maps.Clone(d.touched)
	for u, names := range d.wanted {
		c.wanted[u] = maps.Clone(names)
	}
	c.methods = maps.Clone(d.methods)
	maps.Copy(c.follow, d.follow)
	return c
}

// settle follows mentions until nothing new turns up. The units that turned up
// in one round are parsed together, in parallel.
func (d *demand) settle(ctx context.Context, far extent) error {
	for {
		var now, later []*unit
		for _, u := range d.round {
			if far == onlyWhole && !u.whole() {
				later = append(later, u)
			} else {
				now = append(now, u)
			}
		}
		d.round = later
		if len(now) == 0 {
			return nil
		}
		if err := d.loader.parse(ctx, now); err != nil {
			return err
		}
		for _, u := range now {
			d.begin(u)
		}
		for len(d.queue) > 0 {
			next := d.queue[len(d.queue)-1]
			d.queue = d.queue[:len(d.queue)-1]
			d.scan(next)
		}
	}
}

// touch makes sure that u is loaded, even if nothing in it is.
func (d *demand) touch(u *unit) {
	if !d.touched[u] {
		d.touched[u] = true
		d.round = append(d.round, u)
	}
}

// begin makes live what a freshly parsed unit has to offer so far.
func (d *demand) begin(u *unit) {
	switch {
	case u.known != nil:
		for name := range u.known.methods {
			d.wantMethod(name)
		}
		for _, dep := range u.imports {
			if u.known.needs[dep.Path] {
				d.touch(dep)
			}
		}
	case u.whole():
		for _, dep := range u.imports {
			d.leads(u, dep)
			d.touch(dep)
		}
		for _, decl := range u.decls.all {
			d.revive(decl)
		}
	case u.Standard:
		u.known = &known{methods: map[string]bool{}, needs: map[string]bool{}}
		for name := range u.decls.named {
			if ast.IsExported(name) {
				d.want(u, name)
			}
		}
	default:
		for name := range d.wanted[u] {
			d.reviveNamed(u, name)
		}
		if u.bodies {
			d.initialize(u)
		}
	}
}

// initialize makes live what runs in a library with bodies without being
// mentioned: its init functions, but for those that only register generated
// messages, and the init functions of its blank imports.
func (d *demand) initialize(u *unit) {
	for _, decl := range u.decls.inits {
		if !decl.file.generated {
			d.revive(decl)
		}
	}
	for _, f := range u.sources {
		for _, dep := range f.blanks {
			if dep.bodies {
				f.used[dep] = true
				d.leads(u, dep)
				d.touch(dep)
			}
		}
	}
}

// leads notes that code with a body in u mentions dep.
func (d *demand) leads(u, dep *unit) {
	if d.follow[u] == nil {
		d.follow[u] = map[*unit]bool{}
	}
	d.follow[u][dep] = true
}

// want asks for a package-level name of u.
func (d *demand) want(u *unit, name string) {
	d.touch(u)
	if d.wanted[u] == nil {
		d.wanted[u] = map[string]bool{}
	}
	if !d.wanted[u][name] {
		d.wanted[u][name] = true
		d.reviveNamed(u, name)
	}
}

// reviveNamed does nothing for a unit that is not parsed yet: begin will.
func (d *demand) reviveNamed(u *unit, name string) {
	for _, decl := range u.decls.named[name] {
		d.revive(decl)
	}
}

func (d *demand) wantMethod(name string) {
	if d.methods[name] {
		return
	}
	d.methods[name] = true
	for _, decl := range d.waiting[name] {
		d.revive(decl)
	}
	delete(d.waiting, name)
}

func (d *demand) revive(decl *declaration) {
	if decl.live {
		return
	}
	decl.live = true
	d.queue = append(d.queue, decl)
	spec, ok := decl.node.(*ast.TypeSpec)
	if !ok || decl.unit.whole() {
		return
	}
	for _, m := range decl.unit.decls.methods[spec.Name.Name] {
		name := m.node.(*ast.FuncDecl).Name.Name
		if d.methods[name] || decl.unit.Standard && ast.IsExported(name) {
			d.revive(m)
		} else {
			d.waiting[name] = append(d.waiting[name], m)
		}
	}
}

// A scan is one walk over the syntax of a live declaration.
type scan struct {
	*demand
	unit *unit
	file *sourceFile
}

// scan asks for all that a live declaration mentions.
func (d *demand) scan(decl *declaration) {
	s := &scan{demand: d, unit: decl.unit, file: decl.file}
	fn, ok := decl.node.(*ast.FuncDecl)
	if !ok {
		s.walk(decl.node)
		return
	}
	if fn.Recv != nil {
		s.walk(fn.Recv)
	}
	s.walk(fn.Type)
	if fn.Body != nil && s.unit.bodies {
		s.walk(fn.Body)
		s.registry(fn)
		s.dispatch(fn)
	}
}

func (s *scan) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			// One name can be an import here and a local variable there, so
			// the selector counts as a method in any case.
			s.method(n.Sel.Name)
			if id, ok := n.X.(*ast.Ident); ok {
				s.qualified(id.Name, n.Sel.Name)
			}
			s.walk(n.X)
			return false
		case *ast.Ident:
			s.plain(n.Name)
		case *ast.InterfaceType:
			for _, field := range n.Methods.List {
				for _, id := range field.Names {
					s.method(id.Name)
				}
			}
		case *ast.CompositeLit:
			s.literal(n)
		case *ast.FuncLit:
			if !s.unit.bodies {
				s.walk(n.Type)
				return false
			}
		}
		return true
	})
}

func (s *scan) method(name string) {
	s.wantMethod(name)
	if known := s.unit.known; known != nil {
		known.methods[name] = true
	}
}

// qualified is called for x.name, where x may be an import of the file.
func (s *scan) qualified(x, name string) {
	dep := s.file.imports[x]
	if dep == nil {
		return
	}
	s.use(dep, name)
	s.effect(dep, name)
}

func (s *scan) plain(name string) {
	if len(s.unit.decls.named[name]) > 0 && !s.unit.whole() {
		s.want(s.unit, name)
	}
	for _, dep := range s.file.dots {
		if ast.IsExported(name) {
			s.use(dep, name)
		}
	}
}

func (s *scan) use(dep *unit, name string) {
	s.file.used[dep] = true
	if s.unit.bodies {
		s.leads(s.unit, dep)
	}
	if known := s.unit.known; known != nil {
		known.needs[dep.Path] = true
	}
	switch {
	case dep.whole() || dep.Standard:
		s.touch(dep)
	default:
		s.want(dep, name)
	}
}
