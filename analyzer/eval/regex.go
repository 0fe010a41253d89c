package eval

import (
	"go/types"
	"regexp"
	"regexp/syntax"
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
	loose := loosened(re)
	if loose == nil || !loose.MatchString(named(t, "x")) {
		askForPattern(t, re, at)
		return false, loose != nil && !opens(t)
	}
	for _, name := range names {
		if !re.MatchString(named(t, name)) {
			askForPattern(t, re, at)
			return false, false
		}
	}
	return true, true
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

// loosened is an expression that takes any name where re takes some, nil where it is
// not known what that is.
func loosened(re *regexp.Regexp) *regexp.Regexp {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	loosen(tree)
	out, err := regexp.Compile(tree.String())
	if err != nil {
		return nil
	}
	return out
}

func loosen(tree *syntax.Regexp) {
	switch tree.Op {
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		any, _ := syntax.Parse("[^/]*", syntax.Perl)
		if takesSlash(tree) {
			any, _ = syntax.Parse(".*", syntax.Perl)
		}
		*tree = *any
		return
	case syntax.OpRepeat, syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		if len(tree.Sub) == 1 && tree.Sub[0].Op != syntax.OpConcat && tree.Sub[0].Op != syntax.OpCapture {
			loosen(tree.Sub[0])
			*tree = *tree.Sub[0]
			return
		}
	}
	for _, sub := range tree.Sub {
		loosen(sub)
	}
}

// takesSlash reports whether a class of characters has the slash.
func takesSlash(class *syntax.Regexp) bool {
	if class.Op != syntax.OpCharClass {
		return true
	}
	for i := 0; i+1 < len(class.Rune); i += 2 {
		if class.Rune[i] <= '/' && '/' <= class.Rune[i+1] {
			return true
		}
	}
	return false
}

// askForPattern notes which open segments of t an expression asks for: those that
// stand in it as they are.
func askForPattern(t text.Text, re *regexp.Regexp, at ssa.Instruction) {
	if !opens(t) {
		return
	}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return
	}
	var b strings.Builder
	literals(tree, &b)
	want, have := strings.Split(b.String(), "/"), t.Segments()
	if len(want) != len(have) {
		return
	}
	parts := map[int]string{}
	var in *Asking
	for i, seg := range have {
		o, open := openOf(lone(seg))
		s, constant := seg.Const()
		switch {
		case strings.Contains(want[i], anything):
		case open:
			in, parts[o.part] = o.in, want[i]
		case constant && s != want[i]:
			return
		}
	}
	if in != nil {
		in.note(parts, at.Pos())
	}
}

// anything stands for what an expression takes that is no literal text.
const anything = "\x00"

// literals writes an expression with anything for all that is no literal text.
func literals(tree *syntax.Regexp, b *strings.Builder) {
	switch tree.Op {
	case syntax.OpLiteral:
		b.WriteString(string(tree.Rune))
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range tree.Sub {
			literals(sub, b)
		}
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpEmptyMatch:
	default:
		b.WriteString(anything)
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
