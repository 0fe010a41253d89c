package boundary

import (
	"cmp"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/eval"
)

// FirstWord is the text up to the first space, "" when that is not a constant.
func FirstWord(v eval.Value) string {
	text, ok := v.(eval.Text)
	if !ok || len(text.Parts) == 0 || text.Parts[0].Hole != nil {
		return ""
	}
	word, _, cut := strings.Cut(text.Parts[0].Lit, " ")
	if !cut && len(text.Parts) > 1 {
		return ""
	}
	return word
}

// Functions is the functions among values of the context c, looked at through
// the wrappers that the compiler makes.
func (u *Unit) Functions(c *eval.Context, values ...eval.Value) []Handler {
	var out []Handler
	for _, v := range values {
		f, ok := v.(eval.Func)
		if !ok {
			continue
		}
		value := c.Bind(f).(eval.Func)
		for _, fn := range u.behind(value) {
			out = append(out, Handler{Fn: fn, Value: value})
		}
	}
	return Distinct(out)
}

// behind is f, or the functions that it stands for when it is a wrapper. A
// method of an interface that is a value is that of the object it is bound to.
func (u *Unit) behind(f eval.Func) []*ssa.Function {
	all := u.Graph.Through(f.Fn)
	method, ok := f.Fn.Object().(*types.Func)
	if len(all) < 2 || !ok || f.Closure == nil || len(f.Closure.Bindings) != 1 {
		return all
	}
	object := u.Eval.Context().Answer(f.Closure.Bindings[0], f.Frame)
	if !object.Complete {
		return all
	}
	var out []*ssa.Function
	for _, v := range object.Values {
		m := u.Eval.Method(v, method)
		if m == nil {
			return all
		}
		out = append(out, u.Graph.Through(m)...)
	}
	return out
}

// Distinct is handlers without repetition.
func Distinct(handlers []Handler) []Handler {
	var out []Handler
	for _, h := range handlers {
		if !slices.ContainsFunc(out, h.Is) {
			out = append(out, h)
		}
	}
	return out
}

// Merged is commands in the order of their words. Two findings of one command,
// with the same words and the same function, become one: a wrapper that hides
// it under a condition does not make it hidden.
func Merged(commands []Command) []Command {
	var out []Command
	for _, c := range commands {
		i := slices.IndexFunc(out, func(x Command) bool {
			return slices.Equal(x.Words, c.Words) && slices.EqualFunc(x.Run, c.Run, func(a, b Handler) bool { return a.Fn == b.Fn })
		})
		if i < 0 {
			out = append(out, c)
			continue
		}
		out[i].Says = cmp.Or(out[i].Says, c.Says)
		out[i].Hidden = out[i].Hidden && c.Hidden
		out[i].Run = Distinct(append(slices.Clone(out[i].Run), c.Run...))
		for _, a := range c.Aliases {
			if !slices.Contains(out[i].Aliases, a) {
				out[i].Aliases = append(out[i].Aliases, a)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Command) int { return slices.Compare(a.Words, b.Words) })
	return out
}
