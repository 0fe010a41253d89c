package walk

import (
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/story"
	"github.com/callroute/callroute/analyzer/summary"
)

// Line is the flags on a command line.
type Line struct {
	Given []flow.Flag // as they are defined, with what they are set to
	Typed bool        // a person typed it: what it rules out is on no route, else only not told
}

// line is a Line as part of an activation, which is compared: name=value of each
// flag, separated by \x00. A flag of unknown value has none, and one that may be
// missing has a ? before it.
type line struct {
	flags string
	known bool // flags is all of them
	typed bool // as in Line

	given string // what the request gives that a program is entered by, as flags: see gives
}

func (l Line) line() line {
	var words []string
	for _, f := range l.Given {
		words = append(words, f.Name+"="+f.Value)
	}
	return line{flags: strings.Join(words, "\x00"), known: true, typed: l.Typed}
}

// lineOf is the flags among the arguments that start a program.
func lineOf(exe *summary.Executable, argv []boundary.Arg) line {
	var words []string
	for i := 0; i < len(argv); i++ {
		a := argv[i]
		if a.Rest {
			return line{}
		}
		name, value, set := strings.Cut(strings.TrimLeft(a.Text, "-"), "=")
		if !strings.HasPrefix(a.Text, "-") || name == "" {
			continue
		}
		if a.Optional {
			words = append(words, "?"+name)
			continue
		}
		known := slices.IndexFunc(exe.Flags, func(f summary.Flag) bool { return f.Name == name || f.Short == name })
		switch {
		case set:
		case known >= 0 && !exe.Flags[known].Switch && i+1 < len(argv):
			i++
			value = argv[i].Text
		default:
			value = "true"
		}
		if strings.Contains(value, "*") {
			words = append(words, name)
		} else {
			words = append(words, name+"="+value)
		}
	}
	return line{flags: strings.Join(words, "\x00"), known: true}
}

// answer is what is known of a condition.
type answer int

const (
	open answer = iota
	holds
	fails
	likely // it holds if what is given, and not known, is not what nobody gives
)

// decides tells whether one of several conditions holds.
func (l line) decides(c *summary.Condition) answer {
	out := fails
	for i := range c.Any {
		switch a := l.holds(&c.Any[i]); {
		case a == holds:
			return holds
		case a == likely && out == fails:
			out = likely
		case a == open:
			out = open
		}
	}
	return out
}

// holds decides one condition.
func (l line) holds(a *summary.Asks) answer {
	value, known := l.value(a.Input, a.Flag, a.Zero)
	if !known && !l.gave(a.Input) {
		return open
	}
	for _, c := range a.Cases {
		if known && c.Value == value && !c.Other {
			return answered(c.Yes != a.Not)
		}
	}
	for _, c := range a.Cases {
		switch {
		case !c.Other || known && value == a.Zero:
		case known:
			return answered(c.Yes != a.Not)
		case c.Yes != a.Not:
			return likely
		case strings.HasPrefix(a.Input, "?"): // a key is there only where somebody puts it there
			return fails
		}
	}
	return open
}

func answered(yes bool) answer {
	if yes {
		return holds
	}
	return fails
}

// gave reports whether a request gives an input, of which it is not known what it is.
func (l line) gave(input string) bool {
	for entry := range strings.SplitSeq(l.given, "\x00") {
		if entry == input {
			return true
		}
	}
	return false
}

// value is the value of an input: a flag, or what a request gives, which is zero where
// nobody gives it.
func (l line) value(input string, f summary.Flag, zero string) (value string, known bool) {
	name, given := strings.CutSuffix(input, " given")
	name, flag := strings.CutPrefix(name, "--")
	if !given && !flag {
		return l.received(input, zero)
	}
	if !l.known {
		return "", false
	}
	for word := range strings.SplitSeq(l.flags, "\x00") {
		word, value, set := strings.Cut(word, "=")
		rest, open := strings.CutPrefix(word, "?")
		switch {
		case rest == "" || rest != name && rest != f.Short:
		case open:
			return "", false
		case given:
			return "true", true
		default:
			return value, set
		}
	}
	if given {
		return "false", true
	}
	return f.Default, f.Known
}

// received is the value of an input that a request gives.
func (l line) received(input, zero string) (value string, known bool) {
	for entry := range strings.SplitSeq(l.given, "\x00") {
		name, value, set := strings.Cut(entry, "=")
		switch {
		case name == input:
			return value, set
		case name == eval.AllLike(input):
			return zero, true
		}
	}
	return "", false
}

// gives is what a request gives that leaves in an activation, of the inputs that the
// program asks for which it enters: INPUT=VALUE, INPUT where the value is not known, and
// "?*" or "TYPE.*" after them where the others are not given.
func (l line) gives(inputs []summary.Sent, asked []string) string {
	var out, all []string
	for i := range inputs {
		s := &inputs[i]
		switch {
		case strings.HasSuffix(s.Input, "*"):
			if !slices.Contains(all, s.Input) && slices.ContainsFunc(asked, func(in string) bool { return eval.AllLike(in) == s.Input }) {
				all = append(all, s.Input)
			}
		case slices.Contains(asked, s.Input):
			if value, sent, known := l.sends(s); !known {
				out = append(out, s.Input)
			} else if sent {
				out = append(out, s.Input+"="+value)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(append(out, all...), "\x00")
}

// sends is what is sent of an input, if anything is.
func (l line) sends(s *summary.Sent) (value string, sent, known bool) {
	if s.From != "" {
		if value, known = l.value(s.From, s.Flag, s.Zero); !known {
			return "", false, false
		}
	}
	for _, c := range s.Cases {
		if s.From == "" || c.Value == value && !c.Other {
			return c.Sends, c.Yes, !c.Opaque
		}
	}
	for _, c := range s.Cases {
		switch {
		case !c.Other || value == s.Zero:
		case c.Same:
			return value, c.Yes, true
		default:
			return c.Sends, c.Yes, !c.Opaque
		}
	}
	return "", false, false
}

// decided is what the flags of an activation say of the sites of a function, by
// position: which do not run, and how many of the conditions are settled that the
// others stand under.
func (v visit) decided() (off map[int]bool, settled map[int]int) {
	f := v.exe.Func(v.id)
	for i := range f.Conditions {
		c := &f.Conditions[i]
		is := v.line.decides(c)
		if is == open {
			continue
		}
		if off == nil {
			off, settled = map[int]bool{}, map[int]int{}
		}
		for _, pos := range c.Then {
			switch {
			case is == fails:
				off[pos] = true
			case c.Opens:
				settled[pos]++
			}
		}
	}
	return off, settled
}

// settle is the terms of what stands at a position under u once flags have decided,
// and the word or the message that is known.
func (v visit) settle(u calls.Terms, pos int) story.Terms {
	t := story.Terms{Error: u.Failure, Open: u.Open, Special: u.Special, Repeated: u.Repeated, Once: u.Once}
	if v.live() != nil {
		t.Open, t.Special = 0, 0
	}
	off, settled := v.decided()
	t.Off, t.Open = off[pos], max(0, t.Open-settled[pos])
	return t
}
