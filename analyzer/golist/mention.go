package golist

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/callroute/callroute/analyzer/system"
)

// Mentions reports whether p writes the segments of a path that are words: each of
// them stands in a text of a file that it links, the first one in a text that is a
// path. One that has a digit, a version, is left out, for a route may leave it open.
// What only asks is not looked at: a package that imports net/http and names no
// handler. Where p cannot be listed the answer is yes.
//
// Unlike MayServe it may be wrong: a route may take a word for a placeholder, or put
// it together from parts.
func (l *Lister) Mentions(ctx context.Context, p *system.Program, path string) bool {
	missing := map[string]mention{}
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "" || strings.ContainsAny(seg, "*{}0123456789?") {
			continue
		}
		if len(missing) == 0 {
			missing[seg] = inPath
		} else if _, ok := missing[seg]; !ok {
			missing[seg] = inText
		}
	}
	if len(missing) == 0 {
		return true
	}
	listed, err := l.Executable(ctx, p)
	if err != nil {
		return true
	}
	packages.Visit([]*packages.Package{listed.Main}, func(pkg *packages.Package) bool {
		if len(missing) > 0 && !Within(listed.GOROOT, pkg.Dir) {
			said := l.words(pkg)
			for word, how := range missing {
				if said[word] >= how {
					delete(missing, word)
				}
			}
		}
		return len(missing) > 0
	}, nil)
	return len(missing) == 0
}

// mention is how a word stands in a file.
type mention int

const (
	inText mention = iota + 1
	inPath         // beside a slash
)

// handles is what a file writes that handles HTTP requests, with the standard
// library or with a router.
var handles = regexp.MustCompile(`\b(ResponseWriter|HandleFunc|Handler|HandlerFunc|ServeHTTP)\b`)

// words is the words in the texts of a package.
func (l *Lister) words(pkg *packages.Package) map[string]mention {
	l.mu.Lock()
	known, ok := l.said[pkg.Dir]
	l.mu.Unlock()
	if ok {
		return known
	}
	out := map[string]mention{}
	asks := pkg.Imports["net/http"] != nil
	for _, name := range pkg.GoFiles {
		text, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			continue
		}
		asks = asks && !handles.Match(text)
		texts(text, out)
	}
	if asks {
		out = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said[pkg.Dir] = out
	return out
}

// texts adds the words of what stands between quotes on one line, behind the
// imports.
func texts(src []byte, out map[string]mention) {
	const longest = 200 // a longer text is no path
	importing := false
	for line := range bytes.Lines(src) {
		switch {
		case bytes.HasPrefix(line, []byte("import")):
			importing = bytes.HasPrefix(line, []byte("import ("))
			continue
		case importing:
			importing = line[0] != ')'
			continue
		}
		for {
			i := bytes.IndexAny(line, "\"`")
			if i < 0 {
				break
			}
			quote := line[i]
			line = line[i+1:]
			end := bytes.IndexByte(line, quote)
			if end < 0 {
				break
			}
			if end <= longest {
				text(line[:end], out)
			}
			line = line[end+1:]
		}
	}
}

func text(s []byte, out map[string]mention) {
	how := inText
	if bytes.IndexByte(s, '/') >= 0 {
		how = inPath
	}
	for word := range bytes.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("/ ?{}\\", r) }) {
		out[string(word)] = max(out[string(word)], how)
	}
}
