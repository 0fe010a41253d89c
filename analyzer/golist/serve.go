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
	how, known := servers[kind]
	if !known {
		return true
	}
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return true
	}
	found := false
	packages.Visit([]*packages.Package{listed.Main}, func(pkg *packages.Package) bool {
		found = found || !Within(listed.GOROOT, pkg.Dir) && how.in(pkg) || kind == flow.HTTP && listens(pkg.PkgPath)
		return !found
	}, nil)
	return found
}

// listens reports whether a library serves HTTP in its own way.
func listens(path string) bool {
	m := models.Builtin().Of(Unvendored(path))
	return m != nil && len(m.Listens) > 0
}

// server is how servers of one kind come to be.
type server struct {
	libraries []string // by import path
	names     *regexp.Regexp
}

var servers = map[flow.Kind]server{
	flow.HTTP: {
		[]string{"net/http", "net/http/fcgi", "net/http/httptest", "golang.org/x/net/http2"},
		regexp.MustCompile(`\b(Serve|ServeConn|ServeTLS|ListenAndServe|ListenAndServeTLS|Server|NewServer|NewTLSServer|NewUnstartedServer)\b`),
	},
	flow.GRPC:  {[]string{"google.golang.org/grpc"}, regexp.MustCompile(`\b(NewServer|Server)\b`)},
	flow.TTRPC: {[]string{"github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc"}, regexp.MustCompile(`\b(NewServer|Server)\b`)},
}

// protocols are the modules that implement one: they serve when somebody asks them
// to, who is then seen. So does the standard library, which was left out before.
var protocols = []string{"google.golang.org/grpc", "github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc", "golang.org/x/net"}

// in reports whether a package can make a server.
func (s server) in(pkg *packages.Package) bool {
	path := Unvendored(pkg.PkgPath)
	if slices.ContainsFunc(protocols, func(module string) bool { return HasPath(module, path) }) {
		return false
	}
	if !slices.ContainsFunc(s.libraries, func(lib string) bool { return pkg.Imports[lib] != nil }) {
		return false
	}
	return slices.ContainsFunc(pkg.GoFiles, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && s.names.Match(text) && s.imports(text)
	})
}

// imports reports whether the text may import one of the libraries.
func (s server) imports(text []byte) bool {
	return slices.ContainsFunc(s.libraries, func(lib string) bool {
		return bytes.Contains(text, []byte(`"`+lib+`"`)) || bytes.Contains(text, []byte("`"+lib+"`"))
	})
}
