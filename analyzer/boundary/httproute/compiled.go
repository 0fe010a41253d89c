package httproute

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// The operations of a compiled path; see models.Compiled.
const (
	push    = 1
	literal = 2
	rests   = 3
	join    = 4
	capture = 5
)

// maxWrapped is through how many calls of the library a compiled path is handed.
const maxWrapped = 3

// templates is the paths that values are compiled from; what is not known stays a hole.
func (s served) templates(c *eval.Context, values []eval.Value, root *eval.Frame) []eval.Value {
	var out []eval.Value
	for _, v := range s.made(c, values, root) {
		if path, ok := s.template(c, v, 0); ok {
			out = append(out, eval.Lit(path))
		} else if h, ok := v.(eval.Hole); ok {
			out = append(out, h)
		}
	}
	return out
}

// made is what values are assigned that are structs in variables.
func (s served) made(c *eval.Context, values []eval.Value, root *eval.Frame) []eval.Value {
	var out []eval.Value
	for _, v := range values {
		o, ok := v.(eval.Object)
		if !ok || len(o.Path) > 0 {
			out = append(out, v)
			continue
		}
		if g, ok := o.Site.(*ssa.Global); ok {
			for _, st := range s.index.GlobalStores(g) {
				out = append(out, c.Eval(st.Val, nil)...)
			}
			continue
		}
		for _, st := range index.StoresTo(o.Site) {
			out = append(out, c.Eval(st.Val, root)...)
		}
	}
	return out
}

// template is the path that a call makes, or that is handed through one that looks
// for errors.
func (s served) template(c *eval.Context, v eval.Value, depth int) (string, bool) {
	made, ok := v.(eval.Result)
	if !ok || depth > maxWrapped {
		return "", false
	}
	called := models.Split(index.CalleeSymbol(&made.Call.Call))
	if _, own := s.model.Below(called.Path); !own {
		return "", false
	}
	arg := func(i models.Arg) []eval.Value {
		if a := eval.Argument(made.Call, int(i)); a != nil {
			return c.Elements(c.Eval(a, made.Frame))
		}
		return nil
	}
	if !s.model.Matches(s.Compiled.Call, called) {
		inner := arg(0)
		if len(inner) != 1 {
			return "", false
		}
		return s.template(c, inner[0], depth+1)
	}
	verb := ""
	if s.Compiled.Verb != nil {
		verb = strings.Join(constants(arg(*s.Compiled.Verb)), "")
	}
	return compiled(constants(arg(s.Compiled.Ops)), constants(arg(s.Compiled.Pool)), verb)
}

// compiled is the pattern that operations make, as text; ok is false where they are
// not all known.
func compiled(ops, pool []string, verb string) (pattern string, ok bool) {
	var stack []string
	if len(ops) == 0 || len(ops)%2 != 0 {
		return "", false
	}
	for pair := range slices.Chunk(ops, 2) {
		op, err := strconv.Atoi(pair[0])
		n, err2 := strconv.Atoi(pair[1])
		if err != nil || err2 != nil {
			return "", false
		}
		switch {
		case op == push:
			stack = append(stack, "{_}")
		case op == rests:
			stack = append(stack, "{_...}")
		case op == literal && n < len(pool):
			stack = append(stack, pool[n])
		case op == join && 0 < n && n <= len(stack):
			joined := strings.Join(stack[len(stack)-n:], "/")
			stack = append(stack[:len(stack)-n], joined)
		case op == capture && n < len(pool) && len(stack) > 0:
			top := &stack[len(stack)-1]
			if *top == "{_}" || *top == "{_...}" {
				*top = strings.Replace(*top, "_", strings.ReplaceAll(pool[n], ".", "_"), 1)
			}
		case op != 0:
			return "", false
		}
	}
	if verb != "" {
		verb = ":" + verb
	}
	return "/" + strings.Join(stack, "/") + verb, true
}
