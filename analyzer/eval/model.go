package eval

import (
	"go/constant"
	"go/token"
	"go/types"
	"math/big"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/text"
)

// A model folds a function of the standard library through which keys are
// built.
type model func(e *evaluation, v *ssa.Call, result int, fr *Frame) []Value

func modelOf(symbol string) model {
	switch symbol {
	case "fmt.Sprintf":
		return sprintf
	case "fmt.Sprint":
		return printed(text.Sprint)
	case "fmt.Sprintln":
		return printed(text.Sprintln)
	case "path.Join", "path/filepath.Join":
		return pure(text.JoinPath)
	case "net/url.JoinPath":
		return pure(func(t ...text.Text) text.Text { return text.JoinURL(t[0], t[1:]...) })
	case "slices.Concat":
		return concatenated
	case "slices.Clone", "slices.Clip", "slices.Grow":
		return firstArgument
	case "strings.Join":
		return stringsJoin
	case "strings.Replace", "strings.ReplaceAll":
		return replace
	case "(*strings.Replacer).Replace":
		return replacer
	case "strings.Repeat":
		return repeat
	case "strings.Split", "strings.SplitN", "strings.Fields":
		return split
	case "strings.Cut", "strings.CutPrefix", "strings.CutSuffix":
		return cut
	case "strings.Map", "strings.TrimFunc", "strings.TrimLeftFunc", "strings.TrimRightFunc":
		return pure(text.Unknowable)
	case "strconv.FormatInt", "strconv.FormatUint":
		return formatInt
	case "strconv.Itoa", "strconv.FormatBool", "strings.Clone",
		"path/filepath.ToSlash", "path/filepath.FromSlash":
		return pure(func(t ...text.Text) text.Text { return t[0] })
	case "(*strings.Builder).String", "(*bytes.Buffer).String":
		return built
	case "(*net/http.Request).WithContext", "(*net/http.Request).Clone",
		"os/exec.LookPath", "path/filepath.Abs", "path/filepath.EvalSymlinks",
		"sync.OnceFunc", "sync.OnceValue", "sync.OnceValues": // calling it calls the argument, the first time
		return firstArgument
	case "(*github.com/codegangsta/cli.Context).String", "(*github.com/codegangsta/cli.Context).GlobalString",
		"(*github.com/urfave/cli.Context).String", "(*github.com/urfave/cli.Context).GlobalString",
		"(*github.com/urfave/cli/v2.Context).String", "(*github.com/urfave/cli/v3.Command).String":
		return urfaveFlag
	case "(*regexp.Regexp).FindStringSubmatch":
		return submatches
	case "flag.Args", "github.com/spf13/pflag.Args":
		return behindFlags
	case "flag.Arg", "github.com/spf13/pflag.Arg":
		return behindFlag
	case "(*flag.FlagSet).Args", "(*github.com/spf13/pflag.FlagSet).Args":
		return ofFlagSet
	case "(*flag.FlagSet).Arg", "(*github.com/spf13/pflag.FlagSet).Arg":
		return argOfFlagSet
	case "(net/url.URL).String", "(*net/url.URL).String":
		return urlMethod(text.URL.String)
	case "(net/url.URL).RequestURI", "(*net/url.URL).RequestURI":
		return urlMethod(text.URL.RequestURI)
	case "(net/url.URL).EscapedPath", "(*net/url.URL).EscapedPath":
		return urlMethod(text.URL.EscapedPath)
	}
	if f := ofOne[symbol]; f != nil {
		return pure(func(t ...text.Text) text.Text {
			if _, ok := lone(t[0]).(Open); ok {
				return t[0] // the word as the program compares it
			}
			return f(t[0])
		})
	}
	if f := ofTwo[symbol]; f != nil {
		return pure(func(t ...text.Text) text.Text { return f(t[0], t[1]) })
	}
	if symbol == "path.Split" || symbol == "path/filepath.Split" {
		return splitPath
	}
	return nil
}

// ofOne and ofTwo are the functions of one and two strings that give one.
var (
	ofOne = map[string]func(text.Text) text.Text{
		"strings.ToLower":     text.ToLower,
		"strings.ToUpper":     text.ToUpper,
		"strings.Title":       text.Title,
		"strings.TrimSpace":   text.TrimSpace,
		"strconv.Quote":       text.Quote,
		"net/url.PathEscape":  text.PathEscape,
		"net/url.QueryEscape": text.QueryEscape,
		"path.Clean":          text.CleanPath,
		"path.Base":           baseName,
		"path.Dir":            text.DirPath,
		"path.Ext":            text.ExtPath,
		"path/filepath.Clean": text.CleanPath,
		"path/filepath.Base":  baseName,
		"path/filepath.Dir":   text.DirPath,
		"path/filepath.Ext":   text.ExtPath,
	}
	ofTwo = map[string]func(a, b text.Text) text.Text{
		"strings.Trim":       text.Trim,
		"strings.TrimLeft":   text.TrimLeft,
		"strings.TrimRight":  text.TrimRight,
		"strings.TrimPrefix": text.TrimPrefix,
		"strings.TrimSuffix": text.TrimSuffix,
		"net.JoinHostPort":   text.JoinHostPort,
	}
)

// pure is the model of a function of strings alone; of its results, an error
// is not told.
func pure(f func(...text.Text) text.Text) model {
	return func(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
		if i != 0 {
			return opaque(v)
		}
		return e.each(e.arguments(v, fr), f)
	}
}

// arguments is the values of each argument of a call, those of a variadic
// parameter one by one. Those that may not be there are one hole.
func (e *evaluation) arguments(v *ssa.Call, fr *Frame) [][]Value {
	var out [][]Value
	for i, a := range v.Call.Args {
		if i < len(v.Call.Args)-1 || !v.Call.Signature().Variadic() {
			out = append(out, e.eval(a, fr))
			continue
		}
		sets, rest := e.elements(a, fr)
		out = append(out, sets...)
		if rest != nil {
			out = append(out, []Value{rest})
		}
	}
	return out
}

// concatenated is the lists that a variadic call is given, one behind the other.
func concatenated(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	out := []List{{}}
	for _, all := range e.lists(v.Call.Args[0], fr) {
		for _, el := range all.Elems {
			next := []List{{[]Elem{{Rest: true}}}}
			if el.V != nil && !el.Rest && !el.Optional {
				next = e.lists(el.V, el.Frame)
			}
			var longer []List
			for _, a := range out {
				for _, b := range next {
					longer = append(longer, List{append(slices.Clone(a.Elems), b.Elems...)})
				}
			}
			if out = longer; len(out) > maxLists {
				return opaque(v)
			}
		}
	}
	var values []Value
	for _, l := range out {
		values = append(values, l)
	}
	return values
}

// elements is the values of each element of a list, up to the first of which
// it is not known whether it is there: rest stands for those.
func (e *evaluation) elements(v ssa.Value, fr *Frame) (sets [][]Value, rest Value) {
	lists := e.lists(v, fr)
	for i, l := range lists {
		if len(l.Elems) != len(lists[0].Elems) {
			return nil, Hole{}
		}
		for n, el := range l.Elems {
			if el.Rest || el.Optional {
				if len(lists) > 1 {
					return nil, Hole{}
				}
				if h, ok := el.Hole(); ok {
					return sets, h
				}
				return sets, Hole{}
			}
			if i == 0 {
				sets = append(sets, nil)
			}
			sets[n] = distinct(append(sets[n], e.elem(el)...))
		}
	}
	return sets, nil
}

// each folds every choice of one value for each argument.
func (e *evaluation) each(args [][]Value, f func(...text.Text) text.Text) []Value {
	var out []Value
	for _, choice := range choices(args) {
		texts := make([]text.Text, len(choice))
		for i, x := range choice {
			texts[i] = AsText(x).Text
		}
		out = append(out, Text{Text: f(texts...)})
	}
	return distinct(out)
}

func product(sets [][]Value) int {
	n := 1
	for _, s := range sets {
		if n *= len(s); n > maxValues {
			return n
		}
	}
	return n
}

// choices is every way to take one value from each set. Where there are too
// many, the largest sets become holes: what is certain stays.
func choices(sets [][]Value) [][]Value {
	sets = slices.Clone(sets)
	for product(sets) > maxValues {
		largest := 0
		for i := range sets {
			if len(sets[i]) > len(sets[largest]) {
				largest = i
			}
		}
		sets[largest] = []Value{Text{Text: joint(sets[largest])}}
	}
	out := [][]Value{nil}
	for _, s := range sets {
		var next [][]Value
		for _, before := range out {
			for _, x := range s {
				next = append(next, append(slices.Clip(before), x))
			}
		}
		out = next
	}
	return out
}

// joint is what texts have in common.
func joint(values []Value) text.Text {
	var all []text.Text
	for _, v := range values {
		all = append(all, AsText(v).Text)
	}
	return text.Widen(all...)
}

// concat is every pairing of a and b.
func (e *evaluation) concat(a, b []Value) []Value {
	return e.each([][]Value{a, b}, text.Concat)
}

func firstArgument(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	if i != 0 {
		return opaque(v)
	}
	return e.eval(v.Call.Args[0], fr)
}

// number is the integer that v is in all cases: a constant, the length of a
// text that is known, or a sum of those.
func (e *evaluation) number(v ssa.Value, fr *Frame) (int, bool) {
	switch op := v.(type) {
	case *ssa.BinOp:
		x, ok1 := e.number(op.X, fr)
		y, ok2 := e.number(op.Y, fr)
		switch op.Op {
		case token.ADD:
			return x + y, ok1 && ok2
		case token.SUB:
			return x - y, ok1 && ok2
		}
		return 0, false
	case *ssa.Call:
		if b, ok := op.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" && isString(op.Call.Args[0].Type()) {
			values := e.eval(op.Call.Args[0], fr)
			s, ok := AsText(values[0]).Const()
			return len(s), ok && len(values) == 1
		}
	}
	values := e.eval(v, fr)
	t, ok := values[0].(Text)
	if !ok || len(values) > 1 || t.Value == nil || t.Value.Kind() != constant.Int {
		return 0, false
	}
	n, exact := constant.Int64Val(t.Value)
	return int(n), exact
}

func repeat(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	n, ok := e.number(v.Call.Args[1], fr)
	if !ok {
		return e.each(e.arguments(v, fr), text.Unknowable)
	}
	return e.each([][]Value{e.eval(v.Call.Args[0], fr)}, func(t ...text.Text) text.Text { return text.Repeat(t[0], n) })
}

func replace(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	n := -1
	if len(v.Call.Args) == 4 {
		var ok bool
		if n, ok = e.number(v.Call.Args[3], fr); !ok {
			return e.each(e.arguments(v, fr), text.Unknowable)
		}
	}
	return e.each(e.arguments(v, fr)[:3], func(t ...text.Text) text.Text { return text.Replace(t[0], t[1], t[2], n) })
}

func formatInt(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	base, ok := e.number(v.Call.Args[1], fr)
	var out []Value
	for _, x := range e.eval(v.Call.Args[0], fr) {
		s := text.Unknowable(AsText(x).Text)
		if t, isText := x.(Text); ok && isText && t.Value != nil && base >= 2 && base <= 36 {
			if n, fits := new(big.Int).SetString(t.Value.ExactString(), 10); fits {
				s = text.Lit(n.Text(base))
			}
		}
		out = append(out, Text{Text: s})
	}
	return distinct(out)
}

func cut(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	name := v.Call.StaticCallee().Name()
	found := func(yes, sure bool) text.Text {
		if !sure {
			return text.Hole(text.Unknown{})
		}
		return text.Lit(constant.MakeBool(yes).String())
	}
	return e.each(e.arguments(v, fr), func(t ...text.Text) text.Text {
		switch {
		case name == "Cut":
			before, after, yes, sure := text.Cut(t[0], t[1])
			return [...]text.Text{before, after, found(yes, sure)}[i]
		case i == 1:
			return text.Hole(text.Unknown{})
		case name == "CutPrefix":
			return text.TrimPrefix(t[0], t[1])
		}
		return text.TrimSuffix(t[0], t[1])
	})
}

func splitPath(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	return e.each(e.arguments(v, fr), func(t ...text.Text) text.Text {
		dir, file := text.SplitPath(t[0])
		if i == 0 {
			return dir
		}
		return file
	})
}

// split is the parts of a text; those of a text that depends on a caller
// depend on it too.
func split(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	n := -1
	if len(v.Call.Args) == 3 {
		var ok bool
		if n, ok = e.number(v.Call.Args[2], fr); !ok {
			return opaque(v)
		}
	}
	var out []Value
	args := e.arguments(v, fr)
	for _, choice := range choices(args[:min(2, len(args))]) {
		t := AsText(choice[0])
		if holes := t.Holes(); len(holes) > 0 {
			for _, h := range holes {
				h.T = v.Type()
				out = append(out, h)
			}
			continue
		}
		parts := text.Fields(t.Text)
		if len(choice) > 1 {
			parts = text.SplitN(t.Text, AsText(choice[1]).Text, n)
		}
		var l List
		for _, p := range parts {
			l.Elems = append(l.Elems, Elem{text: &p.Text, Rest: p.Rest})
		}
		out = append(out, l)
	}
	return out
}

// stringsJoin joins the elements of a list. Each element that is there on some
// paths only doubles the answers.
func stringsJoin(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	var out []Value
	for _, l := range e.lists(v.Call.Args[0], fr) {
		variants := [][][]Value{nil}
		for _, el := range l.Elems {
			values := e.elem(el)
			var next [][][]Value
			for _, before := range variants {
				if el.Optional && !el.Rest {
					next = append(next, before)
				}
				next = append(next, append(slices.Clip(before), values))
			}
			if variants = next; len(variants) > maxValues {
				return []Value{Text{Text: text.Hole(text.Unknown{})}}
			}
		}
		for _, elems := range variants {
			args := append([][]Value{e.eval(v.Call.Args[1], fr)}, elems...)
			out = append(out, e.each(args, func(t ...text.Text) text.Text { return text.Join(t[1:], t[0]) })...)
		}
	}
	if len(out) == 0 || len(out) > maxValues {
		return opaque(v)
	}
	return distinct(out)
}

// converted is a conversion between strings, bytes and numbers.
func (e *evaluation) converted(v *ssa.Convert, fr *Frame) []Value {
	from, to := v.X.Type().Underlying(), v.Type().Underlying()
	out := slices.Clone(e.eval(v.X, fr))
	target, _ := to.(*types.Basic)
	source, _ := from.(*types.Basic)
	for i, x := range out {
		t, ok := x.(Text)
		switch {
		case !ok || target == nil && source == nil:
		case t.Value != nil && target != nil && target.Info()&types.IsString != 0:
			out[i] = Text{Text: text.Lit(runeOf(t.Value))}
		case t.Value != nil && target != nil:
			out[i] = t.as(target)
		case source != nil && source.Info()&types.IsInteger != 0 && isString(v.Type()):
			out[i] = Hole{V: v, T: v.Type()} // the rune of a number that is not known
		}
	}
	return out
}
