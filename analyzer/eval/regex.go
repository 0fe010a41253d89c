package eval

import (
	"go/types"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// matching is the regular expression on which a call of a method is made, and the
// text that is matched; false where one of them is not known.
func (e *evaluation) matching(v *ssa.Call, fr *Frame) (re *regexp.Regexp, t text.Text, ok bool) {
	made := e.eval(v.Call.Args[0], fr)
	if len(made) != 1 {
		return nil, t, false
	}
	r, ok := made[0].(Result)
	if !ok {
		return nil, t, false
	}
	switch program.Symbol(r.Call.Call.StaticCallee()) {
	case "regexp.MustCompile", "regexp.Compile":
	default:
		return nil, t, false
	}
	pattern, ok := e.textAside(r.Call.Call.Args[0], r.Frame)
	if !ok {
		return nil, t, false
	}
	re, err := regexp.Compile(pattern)
	values := e.eval(v.Call.Args[1], fr)
	if err != nil || len(values) != 1 {
		return nil, t, false
	}
	found, ok := values[0].(Text)
	return re, found.Text, ok && found.Telling()
}

// match tells whether a text matches, where that is known; where its open parts
// decide, they are asked for.
func match(re *regexp.Regexp, t text.Text, at ssa.Instruction) (yes, known bool) {
	if s, ok := t.Const(); ok {
		return re.MatchString(s), true
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !re.MatchString(named(t, name)) }) {
		return true, true
	}
	shape := shapeOf(re)
	if shape.excludes(t) {
		return false, true
	}
	shape.askFor(t, at)
	return false, false
}

// names is names of each kind that expressions ask for: what takes all of them is
// taken to take any.
var names = []string{"x", "ab-c", "Ab_9.z", "7"}

// named is t with a name in each hole.
func named(t text.Text, name string) string {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole != nil {
			b.WriteString(name)
		}
		b.WriteString(p.Lit)
	}
	return b.String()
}

// shape is the segments of the paths that an expression takes, as far as they are
// literal text.
type shape struct {
	segments []string // with anything for what is not literal
	slashes  bool     // anything can have slashes in it
}

// anything stands for what an expression takes that is no literal text.
const anything = "\x00"

func shapeOf(re *regexp.Regexp) shape {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return shape{[]string{anything}, true}
	}
	var b strings.Builder
	slashes := false
	var add func(*syntax.Regexp)
	add = func(tree *syntax.Regexp) {
		switch tree.Op {
		case syntax.OpLiteral:
			b.WriteString(string(tree.Rune))
		case syntax.OpConcat, syntax.OpCapture:
			for _, sub := range tree.Sub {
				add(sub)
			}
		case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpEmptyMatch:
		default:
			b.WriteString(anything)
			slashes = slashes || takesSlash(tree)
		}
	}
	add(tree)
	if s := re.String(); !strings.HasPrefix(s, "^") || !strings.HasSuffix(s, "$") {
		slashes = true // anything may stand around it
	}
	return shape{strings.Split(b.String(), "/"), slashes}
}

// takesSlash reports whether a part of an expression takes a slash.
func takesSlash(tree *syntax.Regexp) bool {
	switch tree.Op {
	case syntax.OpLiteral:
		return slices.Contains(tree.Rune, '/')
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCharClass:
		for i := 0; i+1 < len(tree.Rune); i += 2 {
			if tree.Rune[i] <= '/' && '/' <= tree.Rune[i+1] {
				return true
			}
		}
	}
	return slices.ContainsFunc(tree.Sub, takesSlash)
}

// excludes reports whether no path that t can be is taken.
func (s shape) excludes(t text.Text) bool {
	have, more := t.Segments()
	if have == nil || s.slashes {
		return false
	}
	if len(have) > len(s.segments) || !more && len(have) < len(s.segments) {
		return true
	}
	if more {
		have = have[:len(have)-1]
	}
	for i, seg := range have {
		if is, constant := seg.Const(); constant && !strings.Contains(s.segments[i], anything) && is != s.segments[i] {
			return true
		}
	}
	return false
}

// askFor notes which open segments of t an expression asks for: those that stand in it
// as they are.
func (s shape) askFor(t text.Text, at ssa.Instruction) {
	have, more := t.Segments()
	if more || len(have) != len(s.segments) {
		return
	}
	parts := map[int]string{}
	var in *Asking
	for i, seg := range have {
		if o, open := openOf(lone(seg)); open && !strings.Contains(s.segments[i], anything) {
			in, parts[o.part] = o.in, s.segments[i]
		}
	}
	if in != nil {
		in.note(parts, at.Pos())
	}
}

// submatches is (*regexp.Regexp).FindStringSubmatch.
func submatches(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	re, t, ok := e.matching(v, fr)
	if !ok {
		return e.unknownResult(v, i, fr)
	}
	yes, known := match(re, t, v)
	switch {
	case !known:
		return e.unknownResult(v, i, fr)
	case !yes:
		return []Value{List{}}
	}
	var l List
	groups := make([]string, re.NumSubexp()+1)
	if s, constant := t.Const(); constant {
		groups = re.FindStringSubmatch(s)
	}
	for _, g := range groups {
		part := text.Lit(g)
		if _, constant := t.Const(); !constant {
			part = text.Hole(text.Segment{})
		}
		l.Elems = append(l.Elems, Elem{text: &part})
	}
	return []Value{l}
}

// matched decides a call of a method of a regular expression: whether it matches, or
// finds anything.
func (d *Decisions) matched(v *ssa.Call, fr *Frame) ([]fact, bool) {
	e := d.eval()
	re, t, ok := e.matching(v, fr)
	if !ok || !e.whole() {
		return nil, false
	}
	yes, known := match(re, t, v)
	switch {
	case !known:
		return nil, false
	case isBool(v.Type()):
		return boolean(yes), true
	}
	return []fact{{null: !yes, typ: v.Type()}}, true
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}
