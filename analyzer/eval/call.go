package eval

import (
	"go/constant"
	"go/types"
	"path"
	"regexp"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// call is result i of a call: what the callee returns, or what the model of a
// library function says.
func (e *evaluation) call(v *ssa.Call, i int, fr *Frame) []Value {
	cc := &v.Call
	if b, ok := cc.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" {
			return e.appended(v, fr)
		}
		return opaque(v)
	}
	if static := cc.StaticCallee(); static != nil {
		if _, ok := cc.Value.(*ssa.MakeClosure); !ok {
			return e.result(v, i, static, nil, fr)
		}
	}
	if cc.IsInvoke() {
		return e.invoked(v, i, fr)
	}
	var out []Value
	for _, f := range e.eval(cc.Value, fr) {
		switch f := f.(type) {
		case Func:
			out = append(out, e.result(v, i, f.Fn, &f, fr)...)
		case Hole:
			if f.Kind != Opaque {
				f.T = v.Type()
				return []Value{f}
			}
		}
	}
	if len(out) == 0 {
		return e.unknownResult(v, i, fr)
	}
	return distinct(out)
}

// invoked is the result of an interface call: of the method of the receiver's
// concrete type where that is known, else of every callee in the call graph.
func (e *evaluation) invoked(v *ssa.Call, i int, fr *Frame) []Value {
	cc := &v.Call
	var out []Value
	recvs := e.eval(cc.Value, fr)
	var concrete []*ssa.Function
	for _, r := range recvs {
		if h, ok := r.(Hole); ok && h.Kind == Element {
			return []Value{Hole{V: h.V, Frame: h.Frame, Kind: Element, T: v.Type()}}
		}
		if m := e.ev.Method(r, cc.Method); m != nil {
			concrete = append(concrete, m)
		}
	}
	if len(concrete) == 0 || len(concrete) < len(recvs) {
		if s := e.ev.Graph.At(v); s != nil && len(s.Callees) <= maxValues {
			concrete = append(concrete, s.Callees...)
		}
	}
	seen := map[*ssa.Function]bool{}
	for _, m := range concrete {
		if !seen[m] {
			seen[m] = true
			out = append(out, e.result(v, i, m, nil, fr)...)
		}
	}
	if len(out) == 0 {
		return e.unknownResult(v, i, fr)
	}
	return distinct(out)
}

// Method is the method of the value's concrete type, nil when the type is not
// known.
func (ev *Evaluator) Method(v Value, m *types.Func) *ssa.Function {
	t := v.Type()
	if t == nil {
		return nil
	}
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		if types.IsInterface(t) {
			continue
		}
		if sel := ev.methods.MethodSet(t).Lookup(m.Pkg(), m.Name()); sel != nil {
			return ev.Program.SSA.MethodValue(sel)
		}
	}
	return nil
}

// result is what fn, called by v, returns as result i.
func (e *evaluation) result(v *ssa.Call, i int, fn *ssa.Function, clo *Func, fr *Frame) []Value {
	if m := modelOf(program.Symbol(fn)); m != nil {
		if v.Call.StaticCallee() != fn {
			return e.unknownResult(v, i, fr) // an interface call has its receiver elsewhere
		}
		return m(e, v, i, fr)
	}
	if fn.Blocks == nil || depthOf(fr) > maxFrames {
		return e.unknownResult(v, i, fr)
	}
	inner := e.ev.enter(fn, v, fr, clo)
	var out []Value
	for _, r := range returns(fn) {
		if i >= len(r.Results) || isNil(r.Results[i]) {
			e.null = true
			continue
		}
		if e.running(r.Results[i], inner) {
			continue
		}
		out = append(out, e.eval(r.Results[i], inner)...)
	}
	if len(out) == 0 {
		return e.unknownResult(v, i, fr)
	}
	return distinct(out)
}

// returns is the return statements of fn that give a result: those that give
// only an error with a zero value beside it are left out when there are others.
func returns(fn *ssa.Function) []*ssa.Return {
	var all, good []*ssa.Return
	for _, b := range fn.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		all = append(all, r)
		if n := len(r.Results); n < 2 || !isErrorType(r.Results[n-1].Type()) || isNil(r.Results[n-1]) || !zeroConst(r.Results[0]) {
			good = append(good, r)
		}
	}
	if len(good) == 0 {
		return all
	}
	return good
}

func isErrorType(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// zeroConst reports whether v is a constant of its type's zero value.
func zeroConst(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	if !ok {
		return false
	}
	return c.Value == nil || c.Value.Kind() == constant.String && constant.StringVal(c.Value) == ""
}

func depthOf(fr *Frame) int {
	n := 0
	for ; fr != nil; fr = fr.Up {
		n++
	}
	return n
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}

func (e *evaluation) unknownResult(v *ssa.Call, i int, fr *Frame) []Value {
	t := v.Type()
	if tuple, ok := t.(*types.Tuple); ok {
		if i >= tuple.Len() {
			return opaque(v)
		}
		t = tuple.At(i).Type()
	}
	return []Value{Result{Call: v, Index: i, Frame: fr, T: t}}
}

// A model folds a function of the standard library through which keys are
// built.
type model func(e *evaluation, v *ssa.Call, result int, fr *Frame) []Value

func modelOf(symbol string) model {
	switch symbol {
	case "fmt.Sprintf":
		return sprintf
	case "fmt.Sprint":
		return joinedBy("", plain)
	case "path.Join", "path/filepath.Join", "net/url.JoinPath":
		return joinedBy("/", slashed)
	case "strings.Join":
		return stringsJoin
	case "strings.ReplaceAll", "strings.Replace":
		return replaceAll
	case "(*strings.Replacer).Replace":
		return replacer
	case "(*strings.Builder).String", "(*bytes.Buffer).String":
		return built
	case "strings.Split":
		return stringsSplit
	case "strings.ToLower":
		return mapped(strings.ToLower)
	case "strings.ToUpper":
		return mapped(strings.ToUpper)
	case "strings.TrimSpace":
		return mapped(strings.TrimSpace)
	case "path.Clean", "path/filepath.Clean":
		return mapped(path.Clean)
	case "path.Base", "path/filepath.Base":
		return mapped(path.Base)
	case "strings.TrimPrefix":
		return trimmed(strings.TrimPrefix)
	case "strings.TrimSuffix":
		return trimmed(strings.TrimSuffix)
	case "strings.Trim":
		return trimmed(strings.Trim)
	case "strings.TrimLeft":
		return trimmed(strings.TrimLeft)
	case "strings.TrimRight":
		return trimmed(strings.TrimRight)
	case "net/url.PathEscape", "net/url.QueryEscape", "strings.Clone",
		"(*net/http.Request).WithContext", "(*net/http.Request).Clone",
		"os/exec.LookPath", "path/filepath.Abs", "path/filepath.EvalSymlinks",
		"sync.OnceFunc", "sync.OnceValue", "sync.OnceValues": // calling it calls the argument, the first time
		return firstArgument
	case "(*github.com/codegangsta/cli.Context).String", "(*github.com/codegangsta/cli.Context).GlobalString",
		"(*github.com/urfave/cli.Context).String", "(*github.com/urfave/cli.Context).GlobalString",
		"(*github.com/urfave/cli/v2.Context).String", "(*github.com/urfave/cli/v3.Command).String":
		return urfaveFlag
	case "(net/url.URL).String", "(*net/url.URL).String":
		return urlString
	case "(net/url.URL).JoinPath", "(*net/url.URL).JoinPath":
		return urlJoinPath
	}
	return nil
}

func joinedBy(sep string, trim func(Text) Text) model {
	return func(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
		if i != 0 {
			return opaque(v)
		}
		return e.joined(v, fr, sep, trim)
	}
}

func firstArgument(e *evaluation, v *ssa.Call, i int, fr *Frame) []Value {
	if i != 0 {
		return opaque(v)
	}
	return e.eval(v.Call.Args[0], fr)
}

func mapped(f func(string) string) model {
	return func(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
		var out []Value
		for _, x := range e.eval(v.Call.Args[0], fr) {
			t := AsText(x)
			if s, ok := t.Const(); ok {
				out = append(out, Lit(f(s)))
				continue
			}
			out = append(out, t)
		}
		return out
	}
}

// trimmed folds f(s, cut) for constants; for a text with holes it cuts what
// stands at its known ends.
func trimmed(f func(s, cut string) string) model {
	return func(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
		cuts := e.eval(v.Call.Args[1], fr)
		cut, ok := AsText(cuts[0]).Const()
		if !ok || len(cuts) > 1 {
			return e.eval(v.Call.Args[0], fr)
		}
		var out []Value
		for _, x := range e.eval(v.Call.Args[0], fr) {
			t := AsText(x)
			if s, ok := t.Const(); ok {
				out = append(out, Lit(f(s, cut)))
				continue
			}
			out = append(out, t)
		}
		return out
	}
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?(\[[0-9]+\])?[a-zA-Z%]`)

// sprintf folds a format whose text is known.
func sprintf(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	return e.formatted(v.Call.Args[0], v.Call.Args[1], fr)
}

func (e *evaluation) formatted(formats, values ssa.Value, fr *Frame) []Value {
	var out []Value
	args := e.flat(values, fr)
	for _, f := range e.eval(formats, fr) {
		format := AsText(f)
		res := []Value{Text{}}
		next := 0
		for _, p := range format.Parts {
			if p.Hole != nil {
				res = e.concat(res, []Value{*p.Hole})
				continue
			}
			last := 0
			for _, at := range verb.FindAllStringIndex(p.Lit, -1) {
				res = e.concat(res, []Value{Lit(p.Lit[last:at[0]])})
				last = at[1]
				if p.Lit[at[1]-1] == '%' {
					res = e.concat(res, []Value{Lit("%")})
					continue
				}
				if next < len(args) {
					res = e.concat(res, args[next])
				} else {
					res = e.concat(res, []Value{Hole{}})
				}
				next++
			}
			res = e.concat(res, []Value{Lit(p.Lit[last:])})
		}
		out = append(out, res...)
	}
	return out
}

// flat is the values of each extra argument of a call.
func (e *evaluation) flat(v ssa.Value, fr *Frame) [][]Value {
	var out [][]Value
	if lists := e.lists(v, fr); len(lists) > 0 {
		for _, el := range lists[0].Elems {
			out = append(out, e.elem(el))
		}
	}
	return out
}

func plain(s Text) Text { return s }

// slashed removes the slashes at which two path elements meet.
func slashed(next Text) Text {
	if len(next.Parts) > 0 && next.Parts[0].Hole == nil {
		next.Parts = append([]Part{{Lit: strings.TrimLeft(next.Parts[0].Lit, "/")}}, next.Parts[1:]...)
	}
	return next
}

// joined concatenates all arguments with sep between them, empty ones left
// out when there is a separator.
func (e *evaluation) joined(v *ssa.Call, fr *Frame, sep string, trim func(Text) Text) []Value {
	var args [][]Value
	for i, a := range v.Call.Args {
		if i == len(v.Call.Args)-1 && v.Call.Signature().Variadic() {
			args = append(args, e.flat(a, fr)...)
			continue
		}
		args = append(args, e.eval(a, fr))
	}
	return e.joinValues(args, sep, trim)
}

func (e *evaluation) joinValues(args [][]Value, sep string, trim func(Text) Text) []Value {
	res := []Value{Text{}}
	for _, a := range args {
		var next []Value
		for _, r := range res {
			for _, x := range a {
				before, t := AsText(r), AsText(x)
				if len(t.Parts) == 0 && sep != "" {
					next = append(next, before)
					continue
				}
				if len(before.Parts) == 0 {
					next = append(next, t)
					continue
				}
				if last := before.Parts[len(before.Parts)-1]; sep == "/" && last.Hole == nil && strings.HasSuffix(last.Lit, "/") {
					before.Parts = append(before.Parts[:len(before.Parts)-1:len(before.Parts)-1], Part{Lit: strings.TrimRight(last.Lit, "/")})
				}
				next = append(next, join(join(before, Lit(sep)), trim(t)))
			}
		}
		res = distinct(next)
		if len(res) > maxValues {
			return []Value{Hole{}}
		}
	}
	return res
}

func stringsJoin(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	sep, ok := AsText(e.eval(v.Call.Args[1], fr)[0]).Const()
	if !ok {
		return opaque(v)
	}
	args := e.flat(v.Call.Args[0], fr)
	if len(args) == 0 {
		return opaque(v)
	}
	res := args[0]
	for _, a := range args[1:] {
		res = e.concat(e.concat(res, []Value{Lit(sep)}), a)
	}
	return distinct(res)
}

// stringsSplit is the parts of a constant; the parts of a text that depends on
// a caller depend on it too.
func stringsSplit(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	sep, ok := AsText(e.eval(v.Call.Args[1], fr)[0]).Const()
	if !ok || sep == "" {
		return opaque(v)
	}
	var out []Value
	for _, x := range e.eval(v.Call.Args[0], fr) {
		text := AsText(x)
		if s, ok := text.Const(); ok {
			var l List
			for _, part := range strings.Split(s, sep) {
				l.Elems = append(l.Elems, Elem{text: &part})
			}
			out = append(out, l)
			continue
		}
		for _, h := range text.Holes() {
			h.T = v.Type()
			out = append(out, h)
		}
	}
	return out
}

// concat is every pairing of a and b.
func (e *evaluation) concat(a, b []Value) []Value {
	var out []Value
	for _, x := range a {
		for _, y := range b {
			out = append(out, join(AsText(x), AsText(y)))
		}
	}
	if len(out) > maxValues {
		return []Value{Hole{}}
	}
	return out
}

// urlString is the path of a URL; host and query do not select a handler.
func urlString(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	return e.urlPath(v.Call.Args[0], fr)
}

func urlJoinPath(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	args := append([][]Value{e.urlPath(v.Call.Args[0], fr)}, e.flat(v.Call.Args[1], fr)...)
	return e.joinValues(args, "/", slashed)
}

// urlPath is the path of the *url.URL or url.URL that v is.
func (e *evaluation) urlPath(v ssa.Value, fr *Frame) []Value {
	var out []Value
	for _, u := range e.eval(v, fr) {
		out = append(out, e.pathOfURL(u)...)
	}
	return distinct(out)
}

func (e *evaluation) pathOfURL(u Value) []Value {
	switch u := u.(type) {
	case Text: // a *url.URL that a model folded to its path
		return []Value{u}
	case Object:
		if i := index.FieldNamed(u.T, "Path"); i >= 0 {
			return e.fieldOf(u, i, types.Typ[types.String])
		}
	case Result:
		if s := program.Symbol(u.Call.Call.StaticCallee()); s == "net/url.Parse" || s == "net/url.ParseRequestURI" {
			return e.eval(u.Call.Call.Args[0], u.Frame)
		}
	case Hole:
		return []Value{u}
	}
	return []Value{Hole{}}
}

// fieldOfResult is a field of a library object that a model can see through:
// the URL of a request.
func (e *evaluation) fieldOfResult(r Result, i int) []Value {
	field := index.Field(r.T, i)
	if field == nil {
		return []Value{Hole{}}
	}
	f := field.Name()
	s := program.Symbol(r.Call.Call.StaticCallee())
	args := r.Call.Call.Args
	switch {
	case f == "Path" && (s == "net/url.Parse" || s == "net/url.ParseRequestURI"):
		return e.eval(args[0], r.Frame)
	case f == "URL" && s == "net/http.NewRequest":
		return e.eval(args[1], r.Frame)
	case f == "URL" && s == "net/http.NewRequestWithContext":
		return e.eval(args[2], r.Frame)
	}
	return []Value{Hole{}}
}
