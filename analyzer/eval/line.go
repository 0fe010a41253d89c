package eval

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// Line is a command line: the words behind the program's name, after which
// anything may follow. Of a line that asks the word behind them is open.
type Line struct {
	Words []string

	elems []Elem // of os.Args
	asks  *Asking
}

// called is the payload of a text that is the path under which a program was
// started.
type called struct{ name string }

// Line is the command line that begins with these words; one that asks is new
// each time.
func (ev *Evaluator) Line(words []string, asks bool) *Line {
	for _, l := range ev.lines {
		if !asks && l.asks == nil && slices.Equal(l.Words, words) {
			return l
		}
	}
	l := &Line{Words: slices.Clone(words)}
	parts := []text.Text{text.Hole(called{ev.Program.Exe.Program.Name})}
	for _, w := range words {
		parts = append(parts, text.Lit(w))
	}
	if asks {
		l.asks = &Asking{}
		parts = append(parts, text.Hole(l.asks.Open(0)))
	}
	for i := range parts {
		l.elems = append(l.elems, Elem{text: &parts[i]})
	}
	rest := text.Hole(text.Unknown{})
	l.elems = append(l.elems, Elem{text: &rest, Rest: true})
	ev.lines = append(ev.lines, l)
	return l
}

// Asked is what the program compares the open word with.
func (l *Line) Asked() []Asked { return l.asks.all }

// Line is the command line in the activation f, nil where it is not known.
func (f *Frame) Line() *Line {
	for f != nil && f.line == nil {
		switch {
		case f.Up != nil:
			f = f.Up
		case f.clo != nil:
			f = f.clo.Frame
		default:
			return nil
		}
	}
	if f == nil {
		return nil
	}
	return f.line
}

// ReadsLine reports whether an instruction reads the command line itself: os.Args,
// or what is left of it behind the flags.
func ReadsLine(i ssa.Instruction) bool {
	switch i := i.(type) {
	case *ssa.UnOp:
		return i.Op == token.MUL && isArgs(i.X)
	case *ssa.Call:
		switch index.CalleeSymbol(&i.Call) {
		case "flag.Arg", "flag.Args", "flag.NArg", "github.com/spf13/pflag.Arg", "github.com/spf13/pflag.Args", "github.com/spf13/pflag.NArg":
			return true
		}
	}
	return false
}

func isArgs(v ssa.Value) bool {
	g, ok := v.(*ssa.Global)
	return ok && g.Name() == "Args" && g.Pkg.Pkg.Path() == "os"
}

// typed is os.Args in fr.
func typed(fr *Frame) []Value {
	if l := fr.Line(); l != nil {
		return []Value{List{l.elems}}
	}
	return nil
}

// behindFlags is the arguments that a flag package leaves of the command line.
func behindFlags(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	if l := fr.Line(); l != nil {
		return []Value{List{l.elems[1:]}}
	}
	return e.unknownResult(v, i, fr)
}

// behindFlag is one of them.
func behindFlag(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	l := fr.Line()
	n, ok := e.number(v.Call.Args[len(v.Call.Args)-1], fr)
	if l == nil || !ok || n < 0 || n+1 >= len(l.elems)-1 {
		return e.unknownResult(v, i, fr)
	}
	return e.elem(l.elems[n+1])
}

// ofFlagSet is what a FlagSet leaves of the list that its function has it parse.
func ofFlagSet(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	if list := ParsedBy(v); list != nil {
		return e.eval(list, fr)
	}
	return e.unknownResult(v, i, fr)
}

// argOfFlagSet is one of them.
func argOfFlagSet(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	list := ParsedBy(v)
	n, ok := e.number(v.Call.Args[1], fr)
	if list == nil || !ok {
		return e.unknownResult(v, i, fr)
	}
	var out []Value
	for _, l := range e.lists(list, fr) {
		if n < 0 || n >= len(l.Elems) || !certain(l.Elems[:n+1]) {
			return e.unknownResult(v, i, fr)
		}
		out = append(out, e.elem(l.Elems[n])...)
	}
	return out
}

// ParsedBy is the list that the FlagSet on which v is called was told to parse in
// the same function, nil where there are several or none.
func ParsedBy(v *ssa.Call) ssa.Value {
	switch program.Symbol(v.Call.StaticCallee()) {
	case "(*flag.FlagSet).Arg", "(*flag.FlagSet).Args", "(*flag.FlagSet).NArg",
		"(*github.com/spf13/pflag.FlagSet).Arg", "(*github.com/spf13/pflag.FlagSet).Args", "(*github.com/spf13/pflag.FlagSet).NArg":
	default:
		return nil
	}
	set := v.Call.Args[0]
	if set.Referrers() == nil {
		return nil
	}
	var out ssa.Value
	for _, r := range *set.Referrers() {
		call, ok := r.(*ssa.Call)
		if !ok || call.Call.StaticCallee() == nil || len(call.Call.Args) != 2 || call.Call.Args[0] != set {
			continue
		}
		switch program.Symbol(call.Call.StaticCallee()) {
		case "(*flag.FlagSet).Parse", "(*github.com/spf13/pflag.FlagSet).Parse":
			if out != nil {
				return nil
			}
			out = call.Call.Args[1]
		}
	}
	return out
}

// baseName is the last element of a path: of that under which a program was started
// its name.
func baseName(t text.Text) text.Text {
	if _, ok := lone(t).(called); ok {
		return t
	}
	return text.BasePath(t)
}

// lone is the payload of a text that is one hole, nil for others.
func lone(t text.Text) any {
	if len(t.Parts) != 1 {
		return nil
	}
	return t.Parts[0].Hole
}

// equal tells whether t is s, where that is known. A program that was started is
// taken to have its own name where it asks for that.
func equal(t text.Text, s string) (yes, known bool) {
	if by, ok := lone(t).(called); ok {
		return s == by.name, s == by.name
	}
	return t.Equal(s)
}

// Telling reports whether questions about t can be decided, or are asked.
func (t Text) Telling() bool {
	if _, ok := lone(t.Text).(called); ok {
		return true
	}
	for _, p := range t.Parts {
		switch p.Hole.(type) {
		case nil, text.Segment, text.Rest, Open:
		default:
			return false
		}
	}
	return true
}

// Telling reports whether it is known which elements a list has, up to a rest
// behind the words of a command line.
func (l List) Telling() bool {
	for i, el := range l.Elems {
		switch {
		case el.Rest:
			return i == len(l.Elems)-1 && el.text != nil
		case el.text != nil && !(Text{Text: *el.text}).Telling():
			return false
		case el.text == nil && el.V == nil:
			return false
		}
	}
	return len(l.Elems) > 0
}
