package load

import (
	"bytes"
	"go/ast"
	"go/types"
	"regexp"
)

// Opaque says why a function has no body that can be followed.
type Opaque struct {
	Kind OpaqueKind
	Why  string // one clause, "needs cgo, for C.put"
}

// OpaqueKind is what stands in the way of following a call.
type OpaqueKind int

// The kinds of Opaque.
const (
	Assembly OpaqueKind = iota // implemented in assembly
	Linked                     // implemented elsewhere, by //go:linkname
	Cgo                        // needs what only cgo generates
	Untyped                    // could not be type-checked, or what it needs was not found
	Unloaded                   // of a library whose bodies are not loaded
)

func (k OpaqueKind) String() string {
	return [...]string{"assembly", "linked", "cgo", "untyped", "unloaded"}[k]
}

// linkname finds the directives that give a function a name of another package.
var linkname = regexp.MustCompile(`(?m)^//go:linkname +(\S+)(?: +(\S+))?`)

// readLinks notes the //go:linkname directives in the text of a file. One with a
// single name only permits others to link to it.
func (u *unit) readLinks(text []byte) {
	if !bytes.Contains(text, []byte("//go:linkname ")) {
		return
	}
	for _, m := range linkname.FindAllSubmatch(text, -1) {
		if len(m[2]) > 0 {
			u.links[string(m[1])] = string(m[2])
		}
	}
}

// tellOpaque says of every function without a body why it has none.
func (u *unit) tellOpaque() {
	u.Opaque, u.Links = map[*types.Func]Opaque{}, u.links
	for _, f := range u.Files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body != nil {
				continue
			}
			if obj, ok := u.Info.Defs[fn.Name].(*types.Func); ok {
				u.Opaque[obj] = u.whyOpaque(fn)
			}
		}
	}
}

func (u *unit) whyOpaque(fn *ast.FuncDecl) Opaque {
	if why, ok := u.emptied[fn]; ok {
		return why
	}
	if why, ok := u.opaque[fn.Name.Name]; ok {
		return why
	}
	if u.messages[fn] {
		return Opaque{Unloaded, "is a generated method of a message"}
	}
	if target := u.links[fn.Name.Name]; target != "" && fn.Recv == nil {
		return Opaque{Linked, "is implemented as " + target + ", by go:linkname"}
	}
	if u.asm {
		return Opaque{Assembly, "is implemented in assembly"}
	}
	return Opaque{Linked, "has no body; another package may link one to it"}
}
