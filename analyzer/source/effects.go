package source

import (
	"go/ast"
	"go/format"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/callroute/callroute/analyzer/flow"
)

// effect is what a function of the standard library does to the machine, and
// the places of the arguments that say to what.
type effect struct {
	verb string
	args []int // a negative place is the first of the rest
}

// effects is those functions by import path and name. Methods are not among
// them: syntax does not tell what a value is.
var effects = map[string]map[string]effect{
	"os": {
		"WriteFile": {"writes", []int{0}}, "Create": {"writes", []int{0}}, "OpenFile": {"opens", []int{0}},
		"CreateTemp": {"writes", []int{0, 1}}, "Truncate": {"writes", []int{0}},
		"Mkdir": {"makes the folder", []int{0}}, "MkdirAll": {"makes the folder", []int{0}}, "MkdirTemp": {"makes the folder", []int{0, 1}},
		"Rename": {"renames", []int{0, 1}}, "Symlink": {"links", []int{0, 1}}, "Link": {"links", []int{0, 1}},
		"Remove": {"removes", []int{0}}, "RemoveAll": {"removes", []int{0}},
		"Chmod": {"changes the mode of", []int{0}}, "Chown": {"changes the owner of", []int{0}}, "StartProcess": {"starts", []int{0, 1}},
	},
	"io/ioutil": {"WriteFile": {"writes", []int{0}}, "TempFile": {"writes", []int{0, 1}}, "TempDir": {"makes the folder", []int{0, 1}}},
	"os/exec":   {"Command": {"starts", []int{-1}}, "CommandContext": {"starts", []int{-2}}},
	"net":       {"Listen": {"listens on", []int{0, 1}}, "Dial": {"connects to", []int{0, 1}}, "DialTimeout": {"connects to", []int{0, 1}}},
	"syscall":   systemCall, "golang.org/x/sys/unix": systemCall,
}

var systemCall = map[string]effect{
	"Mount": {"mounts", []int{0, 1}}, "Unmount": {"unmounts", []int{0}}, "PivotRoot": {"changes the root to", []int{0}},
	"Chroot": {"changes the root to", []int{0}}, "Exec": {"becomes", []int{0, 1}}, "Kill": {"signals", []int{0, 1}},
	"Sethostname": {"sets the host name", []int{0}}, "Setns": {"enters the namespace", []int{0}}, "Unshare": {"leaves namespaces", []int{0}},
	"Mkdir": {"makes the folder", []int{0}}, "Mkdirat": {"makes the folder", []int{1}}, "Mknod": {"makes the device", []int{0}}, "Mkfifo": {"makes the pipe", []int{0}},
	"Rename": {"renames", []int{0, 1}}, "Unlink": {"removes", []int{0}}, "Rmdir": {"removes", []int{0}},
	"Symlink": {"links", []int{0, 1}}, "Symlinkat": {"links", []int{0, 2}},
}

// longestText is the length up to which a constant is taken for a name: what is
// longer is a message or a template.
const longestText = 100

// Effects fills Node.Does with the calls by which a function acts on the
// machine, and Node.Texts with the constants without blanks that it hands to
// calls. Both are read from syntax: a call is known by what its file imports,
// and its argument is shown as it is written, or as what its variable was set
// to if it was set once in the function.
func Effects(f *flow.Flow, file Finder) {
	files := map[string]*parsed{}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Decl != "" {
			continue
		}
		name := file(*n)
		p, read := files[name]
		if !read {
			p = parse(name)
			files[name] = p
		}
		if p == nil {
			continue
		}
		if body := bodyOf(p.function(n)); body != nil {
			n.Does, n.Texts = p.does(body)
		}
	}
}

// does reads one function's body, without the functions in it.
func (p *parsed) does(body *ast.BlockStmt) (does []flow.Effect, texts []string) {
	imported := p.imported()
	sets := setOnce(body)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			for _, arg := range n.Args {
				texts = append(texts, p.constants(arg)...)
			}
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			e, ok := effects[imported[id.Name]][sel.Sel.Name]
			if !ok {
				return true
			}
			if e.verb == "opens" && slices.ContainsFunc(n.Args[1:], writing) {
				e.verb = "writes"
			}
			does = append(does, flow.Effect{Line: p.line(n.Lparen), Verb: e.verb, What: e.what(n, sets)})
		}
		return true
	})
	slices.Sort(texts)
	return does, slices.Compact(texts)
}

// imported is the import paths of the file by the names they have in it.
func (p *parsed) imported() map[string]string {
	if p.imports == nil {
		p.imports = map[string]string{}
		for _, spec := range p.syntax.Imports {
			path := strings.Trim(spec.Path.Value, "`\"")
			name := path[strings.LastIndexByte(path, '/')+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
			p.imports[name] = path
		}
	}
	return p.imports
}

// writing reports whether flags of a file that is opened ask to write it.
func writing(flags ast.Expr) bool {
	found := false
	ast.Inspect(flags, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			switch id.Name {
			case "O_WRONLY", "O_RDWR", "O_APPEND", "O_CREATE", "O_CREAT", "O_TRUNC":
				found = true
			}
		}
		return !found
	})
	return found
}

// what is the arguments that say to what e is done.
func (e effect) what(call *ast.CallExpr, sets map[string]ast.Expr) string {
	var parts []string
	add := func(arg ast.Expr) {
		if id, ok := arg.(*ast.Ident); ok && sets[id.Name] != nil {
			arg = sets[id.Name]
		}
		parts = append(parts, expression(arg))
	}
	for _, i := range e.args {
		switch {
		case i < 0:
			for _, arg := range call.Args[min(len(call.Args), -i-1):] {
				add(arg)
			}
		case i < len(call.Args):
			add(call.Args[i])
		}
	}
	return oneLine(strings.Join(parts, ", "))
}

func expression(e ast.Expr) string {
	var b strings.Builder
	if format.Node(&b, token.NewFileSet(), e) != nil {
		return "…"
	}
	return b.String()
}

// setOnce is what the variables of a function are set to that are set in one
// place.
func setOnce(body *ast.BlockStmt) map[string]ast.Expr {
	sets := map[string]ast.Expr{}
	times := map[string]int{}
	ast.Inspect(body, func(n ast.Node) bool {
		s, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for i, lhs := range s.Lhs {
			if id, ok := lhs.(*ast.Ident); ok {
				times[id.Name]++
				if len(s.Lhs) == len(s.Rhs) && (s.Tok == token.DEFINE || s.Tok == token.ASSIGN) {
					sets[id.Name] = s.Rhs[i]
				} else {
					times[id.Name]++
				}
			}
		}
		return true
	})
	for name, n := range times {
		if n > 1 {
			delete(sets, name)
		}
	}
	return sets
}

// constants is the constants in an argument that may be names: literals, and
// constants that the file declares.
func (p *parsed) constants(arg ast.Expr) []string {
	var out []string
	ast.Inspect(arg, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr, *ast.FuncLit:
			return false // a call has its own arguments
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && named(text) {
				out = append(out, text)
			}
		case *ast.Ident:
			if text := p.declared()[n.Name]; named(text) {
				out = append(out, text)
			}
		}
		return true
	})
	return out
}

func named(text string) bool {
	return text != "" && len(text) <= longestText && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '%'
	})
}

// declared is the string constants that the file declares outside functions.
func (p *parsed) declared() map[string]string {
	if p.consts == nil {
		p.consts = map[string]string{}
		for _, d := range p.syntax.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, spec := range decl.Specs {
				spec := spec.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if i >= len(spec.Values) {
						break
					}
					if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
						if text, err := strconv.Unquote(lit.Value); err == nil {
							p.consts[name.Name] = text
						}
					}
				}
			}
		}
	}
	return p.consts
}
