package eval

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/program"
	"github.com/callroute/callroute/analyzer/text"
)

// sprintf folds a format and its operands.
func sprintf(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	return e.formatted(v.Call.Args[0], v.Call.Args[1], fr)
}

func (e *evaluation) formatted(format, operands ssa.Value, fr *Frame) []Value {
	sets, rest := e.operands(operands, fr)
	var out []Value
	for _, choice := range choices(append([][]Value{e.eval(format, fr)}, sets...)) {
		f, list := AsText(choice[0]).Text, e.asOperands(choice[1:])
		t := text.Sprintf(f, list...)
		if rest != nil {
			t = text.SprintfMore(f, list, *rest)
		}
		out = append(out, Text{Text: t})
	}
	return distinct(out)
}

// printed is Sprint or Sprintln.
func printed(f func(...text.Operand) text.Text) model {
	return func(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
		sets, rest := e.operands(v.Call.Args[0], fr)
		var out []Value
		for _, choice := range choices(sets) {
			t := f(e.asOperands(choice)...)
			if rest != nil {
				t = text.Concat(t, rest.Text)
			}
			out = append(out, Text{Text: t})
		}
		return distinct(out)
	}
}

// operands is the values of each operand of a variadic call; rest stands for
// any number of further ones.
func (e *evaluation) operands(v ssa.Value, fr *Frame) (sets [][]Value, rest *text.Operand) {
	sets, more := e.elements(v, fr)
	if more != nil {
		o := text.Any(AsText(more).Text)
		return sets, &o
	}
	return sets, nil
}

func (e *evaluation) asOperands(values []Value) []text.Operand {
	var out []text.Operand
	for _, v := range values {
		out = append(out, e.operand(v))
	}
	return out
}

// operand is a value as fmt formats it: a value whose type has a method for
// that is what the method returns.
func (e *evaluation) operand(v Value) text.Operand {
	t, ok := v.(Text)
	if h, hole := v.(Hole); hole && h.T != nil && isString(h.T) {
		t, ok = Text{Text: text.Hole(h), T: h.T}, true
	}
	if !ok {
		return text.Any(AsText(v).Text)
	}
	own := t.Type()
	if own == nil {
		return text.Any(t.Text)
	}
	if m := formatter(own); m != nil {
		if s, ok := e.methodText(m, v); ok {
			return text.String(s)
		}
		return text.Any(t.Text)
	}
	var o text.Operand
	switch value := goValue(t.Value, own); {
	case value != nil:
		o = text.Constant(value)
	case t.Value == nil && isString(own):
		o = text.String(t.Text)
	default:
		return text.Any(t.Text)
	}
	o.Type = types.TypeString(own, (*types.Package).Name)
	return o
}

// formatter is the method by which fmt writes values of type t as text; nil
// when it writes them itself.
func formatter(t types.Type) *types.Selection {
	methods := types.NewMethodSet(t)
	for _, name := range []string{"Format", "GoString", "Error", "String"} {
		if m := methods.Lookup(nil, name); m != nil {
			return m
		}
	}
	return nil
}

// methodText is what the Error or String method m of the value v returns, when
// that is one text.
func (e *evaluation) methodText(m *types.Selection, v Value) (text.Text, bool) {
	fn := e.ev.Program.SSA.MethodValue(m)
	if name := m.Obj().Name(); fn == nil || len(fn.Blocks) == 0 || len(fn.Params) == 0 || name == "Format" || name == "GoString" {
		return text.Text{}, false
	}
	frame := e.ev.Enter(Func{Fn: fn}, []Answer{{Values: []Value{v}, Complete: true}})
	var out []Value
	for _, r := range returns(fn) {
		out = append(out, e.eval(r.Results[0], frame)...)
	}
	if out = distinct(out); len(out) != 1 {
		return text.Text{}, false
	}
	return AsText(out[0]).Text, true
}

// replacer is the Replace method of what strings.NewReplacer made.
func replacer(e *evaluation, v *ssa.Call, _ int, fr *Frame) []Value {
	var out []Value
	for _, r := range e.eval(v.Call.Args[0], fr) {
		made, ok := r.(Result)
		if !ok || program.Symbol(made.Call.Call.StaticCallee()) != "strings.NewReplacer" {
			return e.each([][]Value{e.eval(v.Call.Args[1], fr)}, text.Unknowable)
		}
		args := append([][]Value{e.eval(v.Call.Args[1], fr)}, e.arguments(made.Call, made.Frame)...)
		out = append(out, e.each(args, func(t ...text.Text) text.Text { return text.Replacer(t[1:], t[0]) })...)
	}
	return distinct(out)
}
