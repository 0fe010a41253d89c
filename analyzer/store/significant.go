package store

import (
	"bytes"
	"go/parser"
	"go/token"
	"regexp"
)

// significant is what of a Go file decides what the go command finds in it, and what
// it does: its head, up to the last import, and all of it. Both are without
// comments, but for those that are read by tools, and with single blanks; each token
// stays in its line. A file that is not Go, or has C in a comment, is taken as it is.
func significant(src []byte) (head, code []byte) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return src, src
	}
	end := f.Name.End()
	for _, spec := range f.Imports {
		if spec.Path.Value == `"C"` {
			return src, src
		}
		end = max(end, spec.End())
	}
	at := fset.Position(end).Offset
	for at < len(src) && src[at] != '\n' { // a comment behind the package clause may be its import path
		at++
	}
	code, ok := withoutComments(src)
	if !ok {
		return src, src
	}
	if head, ok = withoutComments(src[:at]); !ok {
		head = src[:at] // a comment goes on behind it
	}
	return head, code
}

// directive is a comment that the compiler, the go command or the analyzer reads.
var directive = regexp.MustCompile(`^(//(go:|line |export |extern |\s*\+build)|/\*line |//.*(Code generated|DO NOT EDIT)|/[/*]\s*import\s)`)

// withoutComments leaves out comments and blanks that mean nothing, and keeps every
// line break. It fails on a text in which something does not end.
func withoutComments(src []byte) (code []byte, ok bool) {
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '"' || c == '\'' || c == '`':
			end := quoted(src[i:])
			if end < 0 {
				return nil, false
			}
			out = append(out, src[i:i+end]...)
			i += end
		case c == '/' && i+1 < len(src) && (src[i+1] == '/' || src[i+1] == '*'):
			end := comment(src[i:])
			if end < 0 {
				return nil, false
			}
			text := src[i : i+end]
			if directive.Match(text) {
				out = append(out, text...)
			} else {
				out = blank(out)
				for range bytes.Count(text, []byte{'\n'}) {
					out = append(bytes.TrimSuffix(out, []byte{' '}), '\n')
				}
			}
			i += end
		case c == ' ' || c == '\t' || c == '\r':
			out = blank(out)
			i++
		case c == '\n':
			out = append(bytes.TrimSuffix(out, []byte{' '}), c)
			i++
		default:
			out = append(out, c)
			i++
		}
	}
	return bytes.TrimRight(out, " \n"), true
}

// blank ends a token.
func blank(out []byte) []byte {
	if n := len(out); n == 0 || out[n-1] == ' ' || out[n-1] == '\n' {
		return out
	}
	return append(out, ' ')
}

// quoted is the length of the literal that src begins with, -1 if it does not end.
func quoted(src []byte) int {
	quote := src[0]
	for i := 1; i < len(src); i++ {
		switch {
		case src[i] == quote:
			return i + 1
		case quote == '`':
		case src[i] == '\n':
			return -1
		case src[i] == '\\':
			i++
		}
	}
	return -1
}

// comment is the length of the comment that src begins with, without the line break
// behind it; -1 if it does not end.
func comment(src []byte) int {
	if src[1] == '/' {
		if end := bytes.IndexByte(src, '\n'); end >= 0 {
			return end
		}
		return len(src)
	}
	if end := bytes.Index(src[2:], []byte("*/")); end >= 0 {
		return end + 4
	}
	return -1
}
