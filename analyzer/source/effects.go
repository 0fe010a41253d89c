package source

import (
	"go/ast"
	"go/token"
	"maps"
	"path/filepath"
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

// to stands between the arguments of which one is done to the other.
const to = 1 << 8

// effects is those functions by import path and name. Methods are not among
// them: syntax does not tell what a value is.
var effects = map[string]map[string]effect{
	"os": {
		"WriteFile": {"writes", []int{1, to, 0}}, "Create": {"creates", []int{0}}, "OpenFile": {"opens", []int{0}},
		"CreateTemp": {"creates", []int{0, 1}}, "Truncate": {"cuts", []int{0}},
		"Mkdir": {"makes the folder", []int{0}}, "MkdirAll": {"makes the folder", []int{0}}, "MkdirTemp": {"makes the folder", []int{0, 1}},
		"Rename": {"renames", []int{0, to, 1}}, "Symlink": {"links", []int{0, to, 1}}, "Link": {"links", []int{0, to, 1}},
		"Remove": {"removes", []int{0}}, "RemoveAll": {"removes", []int{0}},
		"Chmod": {"changes the mode of", []int{0}}, "Chown": {"changes the owner of", []int{0}}, "StartProcess": {"starts", []int{0, 1}},
	},
	"io/ioutil": {"WriteFile": {"writes", []int{1, to, 0}}, "TempFile": {"creates", []int{0, 1}}, "TempDir": {"makes the folder", []int{0, 1}}},
	"os/exec":   {"Command": {"starts", []int{-1}}, "CommandContext": {"starts", []int{-2}}},
	"net":       {"Listen": {"listens on", []int{0, 1}}, "Dial": {"connects to", []int{0, 1}}, "DialTimeout": {"connects to", []int{0, 1}}},
	"syscall":   systemCall, "golang.org/x/sys/unix": systemCall,
}

var systemCall = map[string]effect{
	"Mount": {"mounts", []int{0, to, 1}}, "Unmount": {"unmounts", []int{0}}, "PivotRoot": {"changes the root to", []int{0}},
	"Chroot": {"changes the root to", []int{0}}, "Exec": {"becomes", []int{0, 1}}, "Kill": {"signals", []int{0, 1}},
	"Sethostname": {"sets the host name", []int{0}}, "Setns": {"enters the namespace", []int{0}}, "Unshare": {"leaves namespaces", []int{0}},
	"Mkdir": {"makes the folder", []int{0}}, "Mkdirat": {"makes the folder", []int{1}}, "Mknod": {"makes the device", []int{0}}, "Mkfifo": {"makes the pipe", []int{0}},
	"Rename": {"renames", []int{0, to, 1}}, "Unlink": {"removes", []int{0}}, "Rmdir": {"removes", []int{0}},
	"Symlink": {"links", []int{0, to, 1}}, "Symlinkat": {"links", []int{0, to, 2}},
}

// longestText is the length up to which a constant is taken for a name: what is
// longer is a message or a template.
const longestText = 100

// Effects fills Node.Does with the calls by which a function acts on the
// machine, and Node.Texts with the constants without blanks that it hands to
// calls. Both are read from syntax: a call is known by what its file imports,
// and its argument is shown as it is written, or as what its variable was set
// to if it was set once in the function. What is in notes is not read again.
func Effects(f *flow.Flow, file Finder, notes *Notes) {
	files := map[string]*parsed{}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Decl != "" {
			continue
		}
		name := file(*n)
		if note, known := notes.does(name, n); known {
			n.Does, n.Texts = note.Does, note.Texts
			continue
		}
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
		notes.addDoes(name, n)
	}
}

// does reads one function's body, without the functions in it.
func (p *parsed) does(body *ast.BlockStmt) (does []flow.Effect, texts []string) {
	sets := setOnce(body)
	opened := map[string]*ast.CallExpr{} // files opened to write, by variable
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.AssignStmt:
			if len(n.Rhs) != 1 {
				break
			}
			name, named := n.Lhs[0].(*ast.Ident)
			if call, ok := n.Rhs[0].(*ast.CallExpr); ok && named && writing(call) > 0 {
				opened[name.Name] = call
			}
		case *ast.CallExpr:
			for _, arg := range n.Args {
				texts = append(texts, p.constants(arg)...)
			}
			if verb, what := p.effect(n, sets, opened); verb != "" {
				does = append(does, flow.Effect{Line: p.line(n.Lparen), Verb: verb, What: what})
			}
		}
		return true
	})
	slices.Sort(texts)
	return does, slices.Compact(texts)
}

// effect is what one call does.
func (p *parsed) effect(call *ast.CallExpr, sets map[string]ast.Expr, opened map[string]*ast.CallExpr) (verb, what string) {
	flags := writing(call)
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		x, _ := sel.X.(*ast.Ident)
		if x == nil {
			x = ast.NewIdent("")
		}
		if e, known := effects[p.imported()[x.Name]][sel.Sel.Name]; known {
			if e.verb == "opens" && flags >= 0 {
				e.verb = "opens to write"
			}
			return e.verb, p.what(e.args, call, sets)
		}
		if file := opened[x.Name]; file != nil && len(call.Args) == 1 && (sel.Sel.Name == "Write" || sel.Sel.Name == "WriteString") {
			return "writes", oneLine(p.expression(call.Args[0], sets) + " to " + p.what(before(writing(file)), file, sets))
		}
	}
	// Whoever takes flags to write opens a file, under whatever name.
	if flags > 0 {
		return "opens to write", p.what(before(flags), call, sets)
	}
	return "", ""
}

// before is the places of the arguments before one.
func before(n int) []int {
	var places []int
	for i := range n {
		places = append(places, i)
	}
	return places
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

// writing is the place of the argument that asks to write a file that is opened,
// -1 for none.
func writing(call *ast.CallExpr) int {
	return slices.IndexFunc(call.Args, func(arg ast.Expr) bool {
		found := false
		ast.Inspect(arg, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr, *ast.FuncLit:
				return false
			case *ast.Ident:
				switch n.Name {
				case "O_WRONLY", "O_RDWR", "O_APPEND", "O_CREATE", "O_CREAT", "O_TRUNC":
					found = true
				}
			}
			return !found
		})
		return found
	})
}

// what is the arguments that say to what something is done.
func (p *parsed) what(places []int, call *ast.CallExpr, sets map[string]ast.Expr) string {
	var b strings.Builder
	add := func(arg ast.Expr) {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
			b.WriteString(", ")
		}
		b.WriteString(p.expression(arg, sets))
	}
	for _, i := range places {
		switch {
		case i == to:
			b.WriteString(" to ")
		case i < 0:
			for _, arg := range call.Args[min(len(call.Args), -i-1):] {
				add(arg)
			}
		case i < len(call.Args):
			add(call.Args[i])
		}
	}
	return oneLine(strings.TrimSuffix(b.String(), " to "))
}

// expression is e as the source has it. A variable that is set once is what it is
// set to, and a constant of the package is its text.
func (p *parsed) expression(e ast.Expr, sets map[string]ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok && sets[id.Name] != nil {
		e = sets[id.Name]
	}
	offset := func(pos token.Pos) int { return p.fset.PositionFor(pos, false).Offset }
	var b strings.Builder
	at := offset(e.Pos())
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if _, qualified := n.X.(*ast.Ident); qualified {
				return false
			}
		case *ast.Ident:
			if text := p.packaged(n.Name); text != "" && sets[n.Name] == nil {
				b.Write(p.src[at:offset(n.Pos())])
				b.WriteString(strconv.Quote(text))
				at = offset(n.End())
			}
		}
		return true
	})
	b.Write(p.src[at:offset(e.End())])
	return b.String()
}

// packaged is the text of a string constant that the file or another one of its
// package declares, "" for none.
func (p *parsed) packaged(name string) string {
	if text := p.declared()[name]; text != "" {
		return text
	}
	if p.others == nil {
		p.others = map[string]string{}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(p.name), "*.go"))
		if err != nil {
			return ""
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == p.name {
				continue
			}
			if other := parse(file); other != nil && other.syntax.Name.Name == p.syntax.Name.Name {
				maps.Copy(p.others, other.declared())
			}
		}
	}
	return p.others[name]
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
