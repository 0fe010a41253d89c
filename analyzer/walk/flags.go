package walk

import (
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
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
}

func (l Line) line() line {
	var words []string
	for _, f := range l.Given {
		words = append(words, f.Name+"="+f.Value)
	}
	return line{strings.Join(words, "\x00"), true, l.Typed}
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

// decides tells whether one of the comparisons of a condition holds.
func (l line) decides(c *summary.Condition) (holds, known bool) {
	known = true
	for i := range c.Any {
		switch yes, decided := l.holds(&c.Any[i]); {
		case decided && yes:
			return true, true
		case !decided:
			known = false
		}
	}
	return false, known
}

// holds decides one comparison.
func (l line) holds(a *summary.Asks) (yes, known bool) {
	if !l.known {
		return false, false
	}
	for word := range strings.SplitSeq(l.flags, "\x00") {
		name, value, set := strings.Cut(word, "=")
		rest, open := strings.CutPrefix(name, "?")
		switch {
		case rest == "" || rest != a.Name && rest != a.Short:
		case open:
			return false, false
		case a.Given:
			return !a.Not, true
		default:
			return (value == a.Value) != a.Not, set
		}
	}
	if a.Given {
		return a.Not, true
	}
	return (a.Default == a.Value) != a.Not, a.Known
}

// decided is what the flags of an activation say of the sites of a function, by
// position: which do not run, and how many of the conditions are settled that the
// others stand under.
func (v visit) decided() (off map[int]bool, settled map[int]int) {
	f := v.exe.Func(v.id)
	for i := range f.Conditions {
		c := &f.Conditions[i]
		holds, known := v.line.decides(c)
		if !known {
			continue
		}
		if off == nil {
			off, settled = map[int]bool{}, map[int]int{}
		}
		for _, pos := range c.Then {
			switch {
			case !holds:
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
	t := story.Terms{Error: u.Failure, Open: u.Open, Special: u.Special, Repeated: u.Repeated}
	if v.live() != nil {
		t.Open, t.Special = 0, 0
	}
	off, settled := v.decided()
	t.Off, t.Open = off[pos], max(0, t.Open-settled[pos])
	return t
}
