package text

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A fold is one function of the package beside the exact one. It makes texts by
// dice and gives the folded text, and the exact result for texts that are filled
// with constants; not ok where the exact function fails.
type fold struct {
	name string
	run  func(d *dice) (Text, func(fill) (string, bool))
}

// fill puts constants into the open parts of a text.
type fill func(Text) string

// dice makes choices of bytes, so that a fuzzer can make them.
type dice struct {
	bytes  []byte
	atoms  []string // what literals are made of
	holes  int
	likely bool // some text has likely parts
}

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) constant() string {
	var s strings.Builder
	for range d.roll(4) {
		s.WriteString(d.atoms[d.roll(len(d.atoms))])
	}
	return s.String()
}

// text is a text of up to four parts.
func (d *dice) text() Text {
	var b builder
	for range d.roll(5) {
		switch d.roll(8) {
		case 0, 1, 2:
			d.holes++
			b.add(Part{Hole: d.holes})
		case 3:
			d.likely = true
			b.likely(d.constant())
		default:
			b.lit(d.constant())
		}
	}
	return b.text()
}

// argument is mostly a constant.
func (d *dice) argument() Text {
	if d.roll(8) == 0 {
		return d.text()
	}
	return Lit(d.constant())
}

// anything fills the open parts with any constants, the same for the same text.
func (d *dice) anything() fill {
	known := map[string]string{}
	return func(t Text) string {
		var s strings.Builder
		for i, p := range t.Parts {
			key := fmt.Sprint(p.Hole)
			if p.Likely {
				key = fmt.Sprintf("%q %d %p", p.Lit, i, &t.Parts[0])
			}
			switch {
			case !p.open():
				s.WriteString(p.Lit)
			default:
				if _, ok := known[key]; !ok {
					known[key] = d.constant()
				}
				s.WriteString(known[key])
			}
		}
		return s.String()
	}
}

// names fills holes with ordinary names; no letter of them is in an atom.
func names(t Text) string {
	var s strings.Builder
	for _, p := range t.Parts {
		if n, ok := p.Hole.(int); ok {
			s.WriteString([]string{"m", "nom", "onmn"}[n%3])
		}
		s.WriteString(p.Lit)
	}
	return s.String()
}

// matches reports whether s is the text, with any text in its holes, and in its
// likely parts unless they are to be what they say.
func matches(t Text, s string, ordinary bool) bool {
	reach := []bool{true} // by length of what is matched
	reach = append(reach, make([]bool, len(s))...)
	for _, p := range t.Parts {
		next := make([]bool, len(s)+1)
		for i, ok := range reach {
			switch {
			case !ok:
			case p.Hole != nil || p.Likely && !ordinary:
				for j := i; j <= len(s); j++ {
					next[j] = true
				}
			case strings.HasPrefix(s[i:], p.Lit):
				next[i+len(p.Lit)] = true
			}
		}
		reach = next
	}
	return reach[len(s)]
}

func (f fold) check(t *testing.T, atoms []string, bytes []byte) {
	t.Helper()
	d := &dice{bytes: bytes, atoms: atoms}
	folded, exact := f.run(d)
	for range 4 {
		var inputs []string
		fill := d.anything()
		want, ok := exact(func(t Text) string {
			s := fill(t)
			inputs = append(inputs, fmt.Sprintf("%q of %s", s, t.show()))
			return s
		})
		if ok && !matches(folded, want, false) {
			t.Fatalf("%s of %s gives %q, folded %s", f.name, strings.Join(inputs, ", "), want, folded.show())
		}
	}
	if d.likely {
		return
	}
	var inputs []string
	want, ok := exact(func(t Text) string {
		s := names(t)
		inputs = append(inputs, fmt.Sprintf("%q of %s", s, t.show()))
		return s
	})
	if ok && !matches(folded, want, true) {
		t.Fatalf("%s of ordinary %s gives %q, folded %s", f.name, strings.Join(inputs, ", "), want, folded.show())
	}
}

// show writes holes as *, likely parts in brackets.
func (t Text) show() string {
	var b strings.Builder
	for _, p := range t.Parts {
		switch {
		case p.Hole != nil:
			fmt.Fprintf(&b, "*%v ", p.Hole)
		case p.Likely:
			fmt.Fprintf(&b, "[%q] ", p.Lit)
		default:
			fmt.Fprintf(&b, "%q ", p.Lit)
		}
	}
	return strings.TrimSpace("‹" + b.String() + "›")
}

// law holds folds against the exact functions, some thousand times each.
func law(t *testing.T, atoms []string, folds []fold) {
	t.Helper()
	for _, f := range folds {
		t.Run(f.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				bytes := make([]byte, 8+random.IntN(56))
				for i := range bytes {
					bytes[i] = byte(random.Uint32())
				}
				f.check(t, atoms, bytes)
			}
		})
	}
}

// fuzz lets the fuzzer choose function, texts and constants.
func fuzz(f *testing.F, atoms []string, folds []fold) {
	f.Helper()
	for i := range folds {
		f.Add(byte(i), []byte("\x04\x00\x05\x02\x01\x03\x00\x02\x01\x00\x07\x01\x02\x03\x01\x00\x02"))
	}
	f.Fuzz(func(t *testing.T, which byte, bytes []byte) {
		folds[int(which)%len(folds)].check(t, atoms, bytes)
	})
}

// one is the fold of a function of one string.
func one(name string, folded func(Text) Text, exact func(string) string) fold {
	return fold{name, func(d *dice) (Text, func(fill) (string, bool)) {
		t := d.text()
		return folded(t), func(f fill) (string, bool) { return exact(f(t)), true }
	}}
}

// two is the fold of a function of a string and another, which is mostly a
// constant.
func two(name string, folded func(a, b Text) Text, exact func(a, b string) string) fold {
	return fold{name, func(d *dice) (Text, func(fill) (string, bool)) {
		a, b := d.text(), d.argument()
		return folded(a, b), func(f fill) (string, bool) { return exact(f(a), f(b)), true }
	}}
}

// many is the fold of a function of any number of strings.
func many(name string, folded func(...Text) Text, exact func(...string) (string, error)) fold {
	return fold{name, func(d *dice) (Text, func(fill) (string, bool)) {
		list := make([]Text, d.roll(4))
		for i := range list {
			list[i] = d.text()
		}
		return folded(slices.Clone(list)...), func(f fill) (string, bool) {
			s, err := exact(fillAll(list, f)...)
			return s, err == nil
		}
	}}
}

func fillAll(list []Text, f fill) []string {
	var out []string
	for _, t := range list {
		out = append(out, f(t))
	}
	return out
}
