package load

import (
	"bytes"
	"context"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/system"
)

// MayServe reports whether p may serve requests of this kind: whether some
// package of its own tree that it links makes a server, and some package has one
// of the texts in a file that is written by hand ("/jobs", empty for any). It
// reads imports and searches text, which takes milliseconds; where it cannot
// tell it says yes.
func (l *Loader) MayServe(ctx context.Context, p *system.Program, kind flow.Kind, texts ...string) bool {
	r, err := l.rootOf(p)
	if err != nil || r.path == "" {
		return true
	}
	s := serverSearch{ctx: ctx, root: r, kind: kind, texts: texts, known: l.known(), seen: map[string]bool{}}
	s.in(p.Dir)
	return s.done()
}

// makesServer is how a server of each kind comes to be: a package that imports
// one of the libraries and has one of the texts in it.
var makesServer = map[flow.Kind]struct{ libraries, texts []string }{
	flow.HTTP:  {[]string{"net/http"}, []string{"http.Server{", "ListenAndServe", "http.Serve(", ".Serve("}},
	flow.GRPC:  {[]string{"google.golang.org/grpc"}, []string{"NewServer("}},
	flow.TTRPC: {[]string{"github.com/containerd/ttrpc", "github.com/stevvooe/ttrpc"}, []string{"NewServer("}},
}

type serverSearch struct {
	ctx   context.Context
	root  *root
	kind  flow.Kind
	texts []string
	known *models.Set
	seen  map[string]bool

	server, mentioned bool
}

func (s *serverSearch) done() bool { return s.server && s.mentioned }

// in searches the package in dir and those of the same tree that it imports.
func (s *serverSearch) in(dir string) {
	if s.seen[dir] || s.ctx.Err() != nil || s.done() {
		return
	}
	s.seen[dir] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var imports []string
	for _, e := range entries {
		if !isSource(e.Name()) {
			continue
		}
		if ok, err := build.Default.MatchFile(dir, e.Name()); err != nil || !ok {
			continue
		}
		name := filepath.Join(dir, e.Name())
		src, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			continue
		}
		var paths []string
		for _, i := range f.Imports {
			if path, err := strconv.Unquote(i.Path.Value); err == nil {
				paths = append(paths, path)
			}
		}
		s.server = s.server || s.makes(paths, src)
		if !strings.HasSuffix(e.Name(), ".pb.go") {
			s.mentioned = s.mentioned || slices.ContainsFunc(s.texts, func(text string) bool { return bytes.Contains(src, []byte(text)) })
		}
		imports = append(imports, paths...)
	}
	for _, path := range imports {
		if rel, ok := strings.CutPrefix(path, s.root.path+"/"); ok {
			s.in(filepath.Join(s.root.dir, rel))
		}
	}
}

func (s *serverSearch) makes(imports []string, src []byte) bool {
	how := makesServer[s.kind]
	for _, path := range imports {
		if m := s.known.Of(path); s.kind == flow.HTTP && m != nil && len(m.Listens) > 0 {
			return true
		}
		if m := s.known.Of(path); (s.kind == flow.Task || s.kind == flow.Queue) && m != nil && len(m.Tasks) > 0 {
			return true
		}
		for _, lib := range how.libraries {
			if path != lib {
				continue
			}
			for _, text := range how.texts {
				if bytes.Contains(src, []byte(text)) {
					return true
				}
			}
		}
	}
	return false
}
