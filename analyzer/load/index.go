package load

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// A declaration is the unit of choice inside a package: a function, a method, a
// type, a var specification, or a whole group of constants (iota counts, and
// values repeat, across the group).
type declaration struct {
	unit *unit
	file *sourceFile
	node ast.Node // *ast.FuncDecl, *ast.TypeSpec, *ast.ValueSpec or *ast.GenDecl
	live bool
}

// sourceFile is a parsed file and what the names of its imports stand for.
type sourceFile struct {
	syntax    *ast.File
	imports   map[string]*unit // by the name under which the file knows them
	dots      []*unit
	blanks    []*unit
	used      map[*unit]bool // by live declarations
	generated bool
}

// declarations indexes what a unit declares at package level.
type declarations struct {
	named   map[string][]*declaration // functions, types, variables, constants
	methods map[string][]*declaration // by receiver type
	inits   []*declaration
	all     []*declaration
}

func (u *unit) index() {
	u.decls = declarations{named: map[string][]*declaration{}, methods: map[string][]*declaration{}}
	for _, f := range u.sources {
		for _, d := range f.syntax.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				u.indexFunc(f, d)
			case *ast.GenDecl:
				u.indexGroup(f, d)
			}
		}
	}
}

func (u *unit) indexFunc(f *sourceFile, fn *ast.FuncDecl) {
	d := u.declare(f, fn)
	switch {
	case fn.Recv != nil && len(fn.Recv.List) > 0:
		base := receiverBase(fn.Recv.List[0].Type)
		u.decls.methods[base] = append(u.decls.methods[base], d)
	case fn.Name.Name == "init":
		u.decls.inits = append(u.decls.inits, d)
	default:
		u.name(fn.Name.Name, d)
	}
}

func (u *unit) indexGroup(f *sourceFile, g *ast.GenDecl) {
	var whole *declaration
	if g.Tok == token.CONST {
		whole = u.declare(f, g)
	}
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			u.name(spec.Name.Name, u.declare(f, spec))
		case *ast.ValueSpec:
			d := whole
			if d == nil {
				d = u.declare(f, spec)
			}
			for _, id := range spec.Names {
				u.name(id.Name, d)
			}
		}
	}
}

func (u *unit) declare(f *sourceFile, node ast.Node) *declaration {
	d := &declaration{unit: u, file: f, node: node}
	u.decls.all = append(u.decls.all, d)
	return d
}

func (u *unit) name(name string, d *declaration) {
	if name != "_" {
		u.decls.named[name] = append(u.decls.named[name], d)
	}
}

// receiverBase is the name of the type that a method belongs to.
func receiverBase(recv ast.Expr) string {
	for {
		switch t := recv.(type) {
		case *ast.ParenExpr:
			recv = t.X
		case *ast.StarExpr:
			recv = t.X
		case *ast.IndexExpr:
			recv = t.X
		case *ast.IndexListExpr:
			recv = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// resolve tells what the import declarations of a file bind.
func (u *unit) resolve(f *ast.File) *sourceFile {
	s := &sourceFile{syntax: f, imports: map[string]*unit{}, used: map[*unit]bool{}}
	for _, spec := range f.Imports {
		dep := u.importOf(spec)
		if dep == nil {
			continue
		}
		switch {
		case spec.Name == nil:
			s.imports[dep.localName()] = dep
		case spec.Name.Name == ".":
			s.dots = append(s.dots, dep)
		case spec.Name.Name == "_":
			s.blanks = append(s.blanks, dep)
		default:
			s.imports[spec.Name.Name] = dep
		}
	}
	return s
}

// importOf returns the unit that an import declaration means, nil for "C" and
// for what was not listed.
func (u *unit) importOf(spec *ast.ImportSpec) *unit {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return nil
	}
	return u.imports[path]
}

// localName is the name an import without one of its own gets.
func (u *unit) localName() string {
	if u.clause == "" {
		return guessName(u.Path)
	}
	return u.clause
}

// dropMessageMethods removes the bodies of what generated message types have
// beside getters. They encode, decode and print; they are long, and no route
// leads through them.
func (u *unit) dropMessageMethods() {
	for _, methods := range u.decls.methods {
		if !slices.ContainsFunc(methods, func(m *declaration) bool {
			return m.file.generated && m.node.(*ast.FuncDecl).Name.Name == "ProtoMessage"
		}) {
			continue
		}
		for _, m := range methods {
			if fn := m.node.(*ast.FuncDecl); m.file.generated && !strings.HasPrefix(fn.Name.Name, "Get") {
				fn.Body = nil
				u.messages[fn] = true
			}
		}
	}
}
