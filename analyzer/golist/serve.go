package golist

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/system"
)

// MayServe reports whether p may serve requests of this kind: whether some package
// that it links, its own or a library's, imports a library that makes servers, and
// mentions what it takes to make one. False is certain: nothing of a package can
// be used without its name being written in a file that imports it. Where p cannot
// be listed the answer is yes.
func (l *Lister) MayServe(ctx context.Context, p *system.Program, kind flow.Kind) bool {
	how, known := l.servers[kind]
	if !known {
		return true
	}
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return true
	}
	found := false
	packages.Visit([]*packages.Package{listed.Main}, func(pkg *packages.Package) bool {
		found = found || !Within(listed.GOROOT, pkg.Dir) && how.in(pkg) || how.Listens && listens(pkg.PkgPath)
		return !found
	}, nil)
	return found
}

// listens reports whether a library's model says that it listens.
func listens(path string) bool {
	m := models.Builtin().Of(Unvendored(path))
	return m != nil && len(m.Listens) > 0
}

// Server is what it takes to serve one protocol.
type Server struct {
	Libraries []string       // import paths, one of which a package has to import
	Names     *regexp.Regexp // one of which its files have to mention
	Listens   bool           // libraries whose models say that they listen serve it in their own way
}

// implementations are the modules of protocols: they serve when somebody asks them
// to, who is then seen. So does the standard library, which was left out before.
var implementations = []string{"google.golang.org/grpc", "github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc", "golang.org/x/net"}

// in reports whether a package can make a server.
func (s Server) in(pkg *packages.Package) bool {
	path := Unvendored(pkg.PkgPath)
	if slices.ContainsFunc(implementations, func(module string) bool { return HasPath(module, path) }) {
		return false
	}
	if !slices.ContainsFunc(s.Libraries, func(lib string) bool { return pkg.Imports[lib] != nil }) {
		return false
	}
	return slices.ContainsFunc(pkg.GoFiles, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && s.Names.Match(text) && s.imports(text)
	})
}

// imports reports whether the text may import one of the libraries.
func (s Server) imports(text []byte) bool {
	return slices.ContainsFunc(s.Libraries, func(lib string) bool {
		return bytes.Contains(text, []byte(`"`+lib+`"`)) || bytes.Contains(text, []byte("`"+lib+"`"))
	})
}
