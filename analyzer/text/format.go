package text

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Operand is a value that is formatted.
type Operand struct {
	Text  Text   // what %v writes
	Value any    // the value where it is a constant: a string, number or bool
	Type  string // as %T writes it; empty when it is not known
	str   bool   // it is a string
}

// Constant is a constant string, number or bool of its own type.
func Constant(v any) Operand {
	_, str := v.(string)
	return Operand{Lit(fmt.Sprint(v)), v, fmt.Sprintf("%T", v), str}
}

// String is a string.
func String(t Text) Operand {
	if s, ok := t.Const(); ok {
		return Constant(s)
	}
	return Operand{Text: t, Type: "string", str: true}
}

// Any is a value of which nothing is known, not even how it formats itself. t
// says on what it depends.
func Any(t Text) Operand { return Operand{Text: lost(t)} }

// plain reports whether fmt can be given the value itself.
func (o Operand) plain() bool { return o.Value != nil && o.Type == fmt.Sprintf("%T", o.Value) }

// Sprint is fmt.Sprint.
func Sprint(operands ...Operand) Text {
	var b builder
	for i, o := range operands {
		// Beside a value of a type that is not known, the hole takes the space.
		if i > 0 && !o.str && !operands[i-1].str && o.Type != "" && operands[i-1].Type != "" {
			b.lit(" ")
		}
		b.add(o.Text.Parts...)
	}
	return b.text()
}

// Sprintln is fmt.Sprintln.
func Sprintln(operands ...Operand) Text {
	var b builder
	for i, o := range operands {
		if i > 0 {
			b.lit(" ")
		}
		b.add(o.Text.Parts...)
	}
	b.lit("\n")
	return b.text()
}

// Sprintf is fmt.Sprintf. The real one reads the format: in place of what is
// not a constant it is given a slot, which learns verb, flags, width and
// precision and writes a mark.
func Sprintf(format Text, operands ...Operand) Text {
	m := &marks{}
	args := make([]any, len(operands))
	known := true
	for i, o := range operands {
		args[i] = slot{o, m}
		if o.plain() {
			args[i] = o.Value
		}
		known = known && o.plain()
	}
	if f, ok := format.Const(); ok && known {
		return Lit(fmt.Sprintf(f, args...))
	}
	firstHole := -1
	var f strings.Builder
	for _, p := range format.Parts {
		if p.open() {
			if firstHole < 0 {
				firstHole = len(m.of)
			}
			f.WriteString(m.mark(Operand{Text: Text{[]Part{p}}}))
			continue
		}
		if strings.ContainsAny(p.Lit, markBytes) || strings.LastIndexByte(p.Lit, '[') > strings.LastIndexByte(p.Lit, ']') {
			return lostIn(format, operands) // an index can end in a hole
		}
		f.WriteString(p.Lit)
	}
	t, intact := m.read(fmt.Sprintf(f.String(), args...), firstHole)
	if !intact {
		return lostIn(format, operands)
	}
	return t
}

func lostIn(format Text, operands []Operand) Text {
	texts := []Text{format}
	for _, o := range operands {
		texts = append(texts, o.Text)
	}
	return lost(texts...)
}

// marks are operands, and holes of a format, that stand in a formatted string
// as "\x00n\x01".
type marks struct{ of []Operand }

const (
	markBytes = "\x00\x01"
	slotType  = "text.slot" // as fmt writes it
)

var markPattern = regexp.MustCompile("\x00([0-9]+)\x01")

func (m *marks) mark(o Operand) string {
	m.of = append(m.of, o)
	return fmt.Sprintf("\x00%d\x01", len(m.of)-1)
}

// read replaces the marks by their texts. What stands behind the first hole of
// a format is likely only: the hole can hold verbs. It fails where a mark was
// cut, and where fmt wrote of slots what it would not write of their values.
func (m *marks) read(s string, firstHole int) (Text, bool) {
	var b builder
	sure, intact := true, true
	add := func(t Text) {
		if !sure {
			t = weak(t)
		}
		b.add(t.Parts...)
	}
	lit := func(s string) {
		intact = intact && !strings.ContainsAny(s, markBytes) && !strings.Contains(s, slotType) &&
			!strings.Contains(s, "%!(BADWIDTH)") && !strings.Contains(s, "%!(BADPREC)")
		add(Lit(s))
	}
	last := 0
	for _, at := range markPattern.FindAllStringSubmatchIndex(s, -1) {
		n, err := strconv.Atoi(s[at[2]:at[3]])
		if err != nil || n >= len(m.of) {
			return Text{}, false
		}
		before, isExtra := strings.CutSuffix(s[last:at[0]], slotType+"=")
		lit(before)
		switch {
		case isExtra && m.of[n].Type != "":
			lit(m.of[n].Type + "=")
			add(m.of[n].Text)
		case isExtra:
			add(lost(m.of[n].Text))
		default:
			add(m.of[n].Text)
		}
		sure = sure && n != firstHole
		last = at[1]
	}
	lit(s[last:])
	return b.text(), intact
}

// slot stands for an operand that fmt must not format itself. It is no pointer:
// fmt writes the address of those for %p.
type slot struct {
	operand Operand
	marks   *marks
}

// Format implements fmt.Formatter.
func (s slot) Format(f fmt.State, verb rune) {
	o := s.operand
	o.Text = o.format(f, verb)
	fmt.Fprint(f, s.marks.mark(o))
}

// format is the operand under one verb.
func (o Operand) format(f fmt.State, verb rune) Text {
	directive := fmt.FormatString(f, verb)
	if o.Value != nil {
		if s := fmt.Sprintf(directive, o.Value); !strings.Contains(s, "%!") {
			return Lit(s)
		}
		return lost()
	}
	_, cut := f.Precision()
	if !o.str || cut || !o.Text.valid() {
		return lost(o.Text)
	}
	each := func(directive string, strip int) Text {
		return mapped(o.Text, func(s string) string {
			s = fmt.Sprintf(directive, s)
			return s[strip : len(s)-strip]
		})
	}
	switch {
	case verb == 's' || verb == 'v' && !f.Flag('#'):
		return padded(o.Text, f)
	case verb == 'v' || verb == 'q' && !f.Flag('#'):
		q := "%q"
		if verb == 'q' && f.Flag('+') {
			q = "%+q"
		}
		return padded(Concat(Lit(`"`), each(q, 1), Lit(`"`)), f)
	case (verb == 'x' || verb == 'X') && !f.Flag(' ') && !f.Flag('#'):
		return padded(each("%"+string(verb), 0), f)
	}
	return lost(o.Text)
}

// padded is t in the width that is asked for, which is known when t surely
// fills it.
func padded(t Text, f fmt.State) Text {
	width, ok := f.Width()
	runes := 0
	for _, p := range t.Parts {
		if !p.open() {
			runes += utf8.RuneCountInString(p.Lit)
		}
	}
	switch {
	case !ok || runes >= width:
		return t
	case f.Flag('-'):
		return Concat(t, Hole(Unknown{}))
	}
	return Concat(Hole(Unknown{}), t)
}

// Quote is strconv.Quote.
func Quote(t Text) Text { return Sprintf(Lit("%q"), String(t)) }

// SprintfMore is fmt.Sprintf with more operands than those known: any number
// of rest.
func SprintfMore(format Text, operands []Operand, rest Operand) Text {
	verbs := 0
	for _, p := range format.Parts {
		verbs += strings.Count(p.Lit, "%") + strings.Count(p.Lit, "*")
	}
	t := Sprintf(format, operands...)
	lacks := func() bool {
		return strings.Contains(t.Pattern(), "(MISSING)") || strings.Contains(t.Pattern(), "(BADINDEX)")
	}
	for range verbs {
		if !lacks() {
			break
		}
		operands = append(operands[:len(operands):len(operands)], rest)
		t = Sprintf(format, operands...)
	}
	if lacks() || strings.Contains(t.Pattern(), "%!(EXTRA") {
		return weak(t) // rest goes on inside the brackets
	}
	return Concat(t, Likely(""))
}
