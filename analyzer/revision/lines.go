package revision

import (
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Lines is changed lines of a Go file as it lies there. Of what was only removed
// it is the two lines between which that stood.
type Lines struct {
	File        string // relative to the folder that was asked about
	First, Last int
	Removed     bool
}

// IsRange reports whether a text is a range of revisions: two dots are in it, and
// nothing that only a name of a function or a path has.
func IsRange(text string) bool {
	from, to, found := strings.Cut(text, "..")
	return found && from != "" && !strings.ContainsAny(text, "*()[]|$\\ ") && !strings.HasPrefix(from, ".") && !strings.HasPrefix(to, "/")
}

// Changed is the lines of Go files below dir that differ between the revisions of
// a range, A..B. Without B it is what differs from A in the files as they lie
// there. Changes of comments alone, and of tests, are left out. It fails if a file
// that changed is not as it was at B: then its lines mean nothing.
func Changed(ctx context.Context, dir, revisions string) ([]Lines, error) {
	from, to, _ := strings.Cut(revisions, "..")
	to = strings.TrimPrefix(to, ".")
	base, err := Resolve(ctx, dir, from)
	if err != nil {
		return nil, err
	}
	args := []string{"diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--relative", "--src-prefix=a/", "--dst-prefix=b/", base}
	if to != "" {
		end, err := Resolve(ctx, dir, to)
		if err != nil {
			return nil, err
		}
		args = append(args, end)
	}
	out, err := git(ctx, dir, append(args, "--", "*.go", ":(exclude)*_test.go")...)
	if err != nil {
		return nil, err
	}
	hunks, err := parse(out)
	if err != nil {
		return nil, err
	}
	if to != "" {
		if err := asItLies(ctx, dir, to, hunks); err != nil {
			return nil, err
		}
	}
	var lines []Lines
	for _, h := range hunks {
		if h.code || saysCode(filepath.Join(dir, filepath.FromSlash(h.File)), h.Lines) {
			lines = append(lines, h.Lines)
		}
	}
	return lines, nil
}

// hunk is one change, and whether code was removed by it.
type hunk struct {
	Lines
	code bool
}

var hunkHead = regexp.MustCompile(`^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@`)

// parse reads a diff without context.
func parse(diff string) ([]hunk, error) {
	var out []hunk
	file := ""
	inHead := false
	for line := range strings.Lines(diff) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "diff --git "):
			file, inHead = "", true
		case inHead && strings.HasPrefix(line, "+++ "):
			file = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(line, "+++ "), "\t"), "b/")
			if file == "/dev/null" {
				file = "" // the file is gone: no line of it can be looked at
			}
		case strings.HasPrefix(line, "@@ "):
			inHead = false
			m := hunkHead.FindStringSubmatch(line)
			if m == nil {
				return nil, fmt.Errorf("git wrote a change that cannot be read: %q", line)
			}
			first, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, err
			}
			n := 1
			if m[2] != "" {
				if n, err = strconv.Atoi(m[2]); err != nil {
					return nil, err
				}
			}
			h := hunk{Lines: Lines{File: file, First: first, Last: first + n - 1}}
			if n == 0 {
				h.Last, h.Removed = first+1, true
			}
			if file != "" {
				out = append(out, h)
			}
		case !inHead && file != "" && strings.HasPrefix(line, "-"):
			out[len(out)-1].code = out[len(out)-1].code || code(line[1:])
		}
	}
	return out, nil
}

// code reports whether a line that was removed held more than a comment, as far
// as the line alone tells.
func code(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && !strings.HasPrefix(line, "//")
}

// saysCode reports whether lines of a file hold code and not only comments.
func saysCode(name string, l Lines) bool {
	if l.Removed {
		return false // it was looked at as it was removed
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return true
	}
	fset := token.NewFileSet()
	file := fset.AddFile(name, -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return false
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		first := file.Line(pos)
		if last := first + strings.Count(lit, "\n"); first <= l.Last && last >= l.First {
			return true
		}
	}
}

// asItLies fails if one of the changed files is not as it was at a revision.
func asItLies(ctx context.Context, dir, rev string, hunks []hunk) error {
	args := []string{"diff", "--name-only", "--no-ext-diff", "--no-textconv", "--relative", rev, "--"}
	for i, h := range hunks {
		if i == 0 || hunks[i-1].File != h.File {
			args = append(args, ":(literal)"+h.File)
		}
	}
	if len(hunks) == 0 {
		return nil
	}
	out, err := git(ctx, dir, args...)
	if err != nil {
		return err
	}
	if name, _, _ := strings.Cut(out, "\n"); name != "" {
		return fmt.Errorf("%s is not as it was at %s: check that revision out, or leave it away (A..) to ask about the files as they lie there", name, rev)
	}
	return nil
}
