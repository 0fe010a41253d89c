package golist

import (
	"bytes"
	"context"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/models"
	"github.com/callroute/callroute/analyzer/system"
)

// Words is the segments of a path that are words. One that has a digit, a version, is
// none, for a route may leave it open.
func Words(path string) []string {
	path, _, _ = strings.Cut(path, "?")
	return slices.DeleteFunc(strings.Split(path, "/"), func(seg string) bool {
		return seg == "" || strings.ContainsAny(seg, "*{}%: 0123456789")
	})
}

// Mentions reports whether p writes the words of a path: they can be put together from
// texts of the files that it links, the first of which is a path. A file that only
// asks is not looked at. Where p cannot be listed, or the path has no words, the answer
// is yes.
//
// Unlike MayServe it may be wrong: a route may take a word for a placeholder, or put
// it together from parts.
func (l *Lister) Mentions(ctx context.Context, p *system.Program, path string) bool {
	words := Words(path)
	if len(words) == 0 {
		return true
	}
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return true
	}
	said := map[string]mention{} // of the runs of words
	packages.Visit([]*packages.Package{listed.Main}, func(pkg *packages.Package) bool {
		if Within(listed.GOROOT, pkg.Dir) {
			return true
		}
		texts := l.texts(pkg)
		for from := range words {
			for to := from + 1; to <= len(words); to++ {
				run := strings.Join(words[from:to], "/")
				said[run] = max(said[run], texts[run])
			}
		}
		return true
	}, nil)
	// reached is whether the words up to one are put together from texts.
	reached := make([]bool, len(words)+1)
	for to := 1; to <= len(words); to++ {
		for from := range to {
			how := said[strings.Join(words[from:to], "/")]
			reached[to] = reached[to] || from == 0 && how == inPath || reached[from] && how != 0
		}
	}
	return reached[len(words)]
}

// Links reports whether p is made of the package of a file, among others, and a person
// wrote the file: what is generated calls code that another program may have not.
// Where p cannot be listed the answer is no.
func (l *Lister) Links(ctx context.Context, p *system.Program, file string) bool {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil || Generated(text) {
		return false
	}
	listed, err := l.Executable(ctx, p)
	found := false
	if err == nil {
		packages.Visit([]*packages.Package{listed.Main}, func(pkg *packages.Package) bool {
			found = found || pkg.Dir == filepath.Dir(file)
			return !found
		}, nil)
	}
	return found
}

// Generated looks for the mark of generated code, in the words that all generators
// have used in the course of time.
func Generated(text []byte) bool {
	head := text[:min(len(text), 4096)]
	return bytes.Contains(head, []byte("// Code generated")) && bytes.Contains(head, []byte("DO NOT EDIT"))
}

// mention is how words stand in a file.
type mention int

const (
	inText mention = iota + 1
	inPath         // beside a slash
)

var (
	// serves is what a file writes that handles HTTP requests, with the standard
	// library or with a router, and handler what it may write for that alone.
	serves  = regexp.MustCompile(`\b(ResponseWriter|HandleFunc|HandlerFunc|ServeHTTP)\b`)
	handler = regexp.MustCompile(`\bHandler\b`)
	// requests is what a file writes that makes requests.
	requests = regexp.MustCompile(`\b(NewRequest|NewRequestWithContext|RoundTrip|http\.Client|http\.Get|http\.Post)\b`)
	netHTTP  = regexp.MustCompile(`"net/http"`)
)

// onlyAsks reports whether a file uses net/http to make requests alone.
func onlyAsks(text []byte) bool {
	switch {
	case !netHTTP.Match(text) || serves.Match(text):
		return false
	case handler.Match(text):
		return requests.Match(text)
	}
	return true
}

// texts is the texts of a package, each as its words. Where it handles no requests,
// only those of paths count.
func (l *Lister) texts(pkg *packages.Package) map[string]mention {
	l.mu.Lock()
	known, ok := l.said[pkg.Dir]
	l.mu.Unlock()
	if ok {
		return known
	}
	out := map[string]mention{}
	handles := routes(pkg)
	for _, name := range pkg.GoFiles {
		text, err := os.ReadFile(filepath.Clean(name))
		if err != nil || onlyAsks(text) {
			continue
		}
		handles = handles || serves.Match(text) || handler.Match(text)
		addTexts(out, text)
	}
	if !handles {
		maps.DeleteFunc(out, func(_ string, how mention) bool { return how < inPath })
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said[pkg.Dir] = out
	return out
}

// routes reports whether a package imports a router that a model describes.
func routes(pkg *packages.Package) bool {
	for path := range pkg.Imports {
		if m := models.Builtin().Of(Unvendored(path)); m != nil && len(m.Routes) > 0 && path != "net/http" {
			return true
		}
	}
	return false
}

// addTexts adds the texts of a file, but for those of its imports.
func addTexts(out map[string]mention, src []byte) {
	const longest = 200 // a longer text is no path
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(src)), src, nil, 0)
	importing := false
	for {
		switch _, tok, lit := s.Scan(); tok {
		case token.IMPORT:
			importing = true
		case token.CONST, token.TYPE, token.VAR, token.FUNC:
			importing = false
		case token.STRING:
			if !importing && len(lit) <= longest {
				addText(out, lit[1:len(lit)-1])
			}
		case token.EOF:
			return
		}
	}
}

// addText adds one text. Prose is no path, nor a piece of one.
func addText(out map[string]mention, text string) {
	if method, path, more := strings.Cut(text, " "); more && strings.ToUpper(method) == method {
		text = path
	}
	how := inText
	if strings.Contains(text, "/") {
		how = inPath
	}
	if words := Words(text); len(words) > 0 && !strings.Contains(text, " ") {
		run := strings.Join(words, "/")
		out[run] = max(out[run], how)
	}
}
