package eval

import (
	"go/types"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/flags"
	"github.com/callroute/callroute/analyzer/index"
)

// Sent is what a request gives of an input to whoever receives it.
type Sent struct {
	Input
	From  Input      // the sender's own, on which it depends; "" for none
	Flag  flags.Flag // where that is a flag
	Zero  string     // the value of From where it is not given
	Cases []SentCase // by what From is; of none there is one. Empty where what is sent is not known
}

// SentCase is what is sent where From has a value.
type SentCase struct {
	Case   // Yes: something is sent
	Sends  string
	Same   bool // what is sent is the value of From
	Opaque bool // it is not known what is sent
}

// AllLike stands, among what is sent, for every input like one that is not: every other
// key, or field of the message. It is not given.
func AllLike(input string) string {
	if strings.HasPrefix(input, "?") {
		return "?*"
	}
	message, _, _ := strings.Cut(input, ".")
	return message + ".*"
}

// Writes tells of a library's function which arguments are what it writes into, under
// which key, and what.
type Writes func(symbol string) (into, key, value int, ok bool)

// What is looked through for what goes into a request.
const (
	maxWritten  = 200 // uses of what carries it
	mostSenders = 6   // inputs that are tried for one entry
	maxHanded   = 8   // calls that it is handed to, one inside the other
	maxCallers  = 4   // callers from which it comes, one above the other
)

// Sent is what a request that leaves by a call gives of inputs: the keys of the query
// and headers among its arguments and in what these are made from, the fields of the
// messages. A request may be made by who calls the function in which it leaves: what all
// of them give alike is given.
func (d *Decisions) Sent(call ssa.CallInstruction, fr *Frame) []Sent {
	var out []Sent
	for _, v := range Carriers(call) {
		out = append(out, d.carried(v, fr, maxCallers)...)
	}
	for _, arg := range arguments(call) {
		if isString(arg.Type()) {
			out = append(out, d.query(arg, fr)...)
		}
	}
	return out
}

// Carriers is what can carry inputs, of the arguments of a call and of what they are
// made from.
func Carriers(call ssa.CallInstruction) (out []ssa.Value) {
	for _, arg := range arguments(call) {
		if carrier(arg) {
			out = append(out, arg)
		} else {
			out = append(out, behind(arg)...)
		}
	}
	return out
}

// arguments is the arguments of a call without the receiver of a method.
func arguments(call ssa.CallInstruction) []ssa.Value {
	cc := call.Common()
	if cc.Signature().Recv() != nil && !cc.IsInvoke() && len(cc.Args) > 0 {
		return cc.Args[1:]
	}
	return cc.Args
}

// query is the keys that are written in the text of an address.
func (d *Decisions) query(v ssa.Value, fr *Frame) []Sent {
	values := d.eval().eval(v, fr)
	if len(values) != 1 {
		return nil
	}
	_, query, ok := strings.Cut(AsText(values[0]).Pattern(), "?")
	if !ok {
		return nil
	}
	var out []Sent
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		switch key, err := url.QueryUnescape(key); {
		case err != nil || key == "" || strings.Contains(key, "*"):
			return nil
		case strings.Contains(value, "*"):
			out = append(out, Sent{Input: Key(key), Cases: []SentCase{{Case: Case{Other: true, Yes: true}, Opaque: true}}})
		default:
			value, _ = url.QueryUnescape(value)
			out = append(out, Sent{Input: Key(key), Cases: []SentCase{{Case: Case{Other: true, Yes: true}, Sends: value}}})
		}
	}
	return append(out, Sent{Input: "?*"})
}

// behind is what carries inputs among the operands from which a text or a request is
// made.
func behind(v ssa.Value) (out []ssa.Value) {
	seen := map[ssa.Value]bool{}
	var look func(v ssa.Value)
	look = func(v ssa.Value) {
		if v == nil || seen[v] || len(seen) > maxWritten {
			return
		}
		seen[v] = true
		if _, isMap := v.Type().Underlying().(*types.Map); isMap && carrier(v) {
			out = append(out, v)
			return
		}
		switch v := v.(type) {
		case *ssa.BinOp:
			look(v.X)
			look(v.Y)
		case *ssa.Extract:
			look(v.Tuple)
		case *ssa.Call:
			for _, a := range v.Call.Args {
				look(a)
			}
		case *ssa.Slice:
			look(v.X)
		case *ssa.MakeInterface:
			look(v.X)
		case *ssa.UnOp:
			look(v.X)
		case *ssa.Alloc:
			eachStored(v, look)
		}
		if index.TypeSymbol(v.Type()) == "net/http.Request" || index.TypeSymbol(v.Type()) == "net/url.URL" {
			eachStored(v, look)
		}
	}
	look(v)
	return out
}

// eachStored visits what is put into a variable, or into a part of what it points to.
func eachStored(v ssa.Value, visit func(ssa.Value)) {
	if v.Referrers() == nil {
		return
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr == v {
				visit(r.Val)
			}
		case *ssa.FieldAddr:
			eachStored(r, visit)
		case *ssa.IndexAddr:
			if r.X == v {
				eachStored(r, visit)
			}
		case *ssa.UnOp: // a part that is a pointer, as the URL of a request
			if _, ok := r.Type().Underlying().(*types.Pointer); ok {
				eachStored(r, visit)
			}
		}
	}
}

// carrier reports whether a value can carry inputs: a map of texts, or a message.
func carrier(v ssa.Value) bool {
	if mi, ok := v.(*ssa.MakeInterface); ok {
		v = mi.X
	}
	switch t := v.Type().Underlying().(type) {
	case *types.Map:
		return isString(t.Key())
	case *types.Pointer:
		_, ok := t.Elem().Underlying().(*types.Struct)
		return ok && index.Named(t) != nil && index.TypeSymbol(t) != "net/http.Request"
	case *types.Struct:
		return index.Named(v.Type()) != nil
	case *types.Interface:
		return t.NumMethods() == 0
	}
	return false
}

// carried is what v carries.
func (d *Decisions) carried(v ssa.Value, fr *Frame, depth int) []Sent {
	var made []Value
	e := d.eval()
	values := e.eval(v, fr)
	for _, x := range values {
		switch x := x.(type) {
		case Object:
			if len(x.Path) == 0 {
				made = append(made, x)
			}
		case Hole:
			switch v := x.V.(type) {
			case *ssa.MakeMap:
				made = append(made, x)
			case *ssa.Parameter:
				return d.fromCallers(v, x.Frame, depth)
			}
		}
	}
	if len(made) == 0 || len(made) != len(values) || e.incomplete {
		return nil
	}
	var out []Sent
	for i, x := range made {
		w := &writing{d: d, complete: true, left: maxWritten, callers: depth}
		switch x := x.(type) {
		case Object:
			w.of(x.Site, x.Frame)
		case Hole:
			w.of(x.V, x.Frame)
		}
		if sent := w.sent(); i == 0 {
			out = sent
		} else {
			out = inCommon(out, sent)
		}
	}
	return out
}

// fromCallers is what every caller of the function passes alike in its parameter p.
func (d *Decisions) fromCallers(p *ssa.Parameter, fr *Frame, depth int) (out []Sent) {
	if depth == 0 || fr == nil || fr.Call != nil {
		return nil
	}
	i := slices.Index(p.Parent().Params, p)
	first := true
	for _, s := range d.e.ev.Graph.In(p.Parent()) {
		arg := Argument(s.Instr, i)
		if arg == nil || s.Caller == p.Parent() || d.e.ev.Index.Dead(s.Caller) {
			continue
		}
		sent := d.carried(arg, d.e.ev.Root(s.Caller), depth-1)
		if first {
			out, first = sent, false
		} else {
			out = inCommon(out, sent)
		}
		if len(out) == 0 {
			return nil
		}
	}
	return out
}

// inCommon is what is sent in a and in b.
func inCommon(a, b []Sent) []Sent {
	return slices.DeleteFunc(slices.Clone(a), func(s Sent) bool {
		return !slices.ContainsFunc(b, func(t Sent) bool {
			return s.Input == t.Input && s.From == t.From && slices.Equal(s.Cases, t.Cases)
		})
	})
}

// sent is what the writes send.
func (w *writing) sent() []Sent {
	out := w.parts
	count := map[Input]int{}
	for _, x := range w.all {
		count[x.Input]++
	}
	for _, x := range w.all {
		switch {
		case count[x.Input] == 1:
			out = append(out, w.d.sends(x))
		case count[x.Input] > 1: // which of them is the last is not followed
			out = append(out, Sent{Input: x.Input})
			count[x.Input] = 0
		}
	}
	switch {
	case !w.complete:
	case w.keys:
		out = append(out, Sent{Input: "?*"})
	case w.message != nil:
		out = append(out, Sent{Input: Input(w.message.Obj().Name() + ".*")})
	}
	return out
}

// sends tells when, and what, a write sends.
func (d *Decisions) sends(x entry) Sent {
	out := Sent{Input: x.Input}
	a := &asking{}
	if c, ok := d.under(a).sendsCase(x); ok && len(a.met) == 0 {
		c.Other = true
		out.Cases = []SentCase{c}
		return out
	}
	for _, in := range a.met[:min(len(a.met), mostSenders)] {
		var cases []SentCase
		for _, v := range in.candidates(a.compared) {
			c, ok := d.under(&asking{assumed: map[Input]fact{in.Input: v}}).sendsCase(x)
			if ok {
				c.Value, c.Other = v.text, v.other
				cases = append(cases, c)
			}
		}
		if len(cases) > 0 {
			out.From, out.Flag, out.Zero, out.Cases = in.Input, d.e.ev.flagOf[in.Input], zeroFact(in.t)[0].text, cases
			return out
		}
	}
	return out
}

// sendsCase is what a write sends under what is assumed; ok is false where it is not
// known whether it happens.
func (d *Decisions) sendsCase(x entry) (c SentCase, ok bool) {
	for _, s := range x.way {
		switch passes, known := d.passes(s); {
		case !known:
			return c, false
		case !passes:
			return c, true
		}
	}
	c.Yes = true
	facts, known := d.facts(x.v, x.fr)
	switch {
	case !known || len(facts) != 1:
		c.Opaque = true
	case facts[0].other:
		c.Same = true
	case facts[0].constant:
		c.Sends = facts[0].text
	default:
		c.Opaque = true
	}
	return c, true
}

// passes decides whether control passes a place on every way to where it goes, or on
// none. Only the conditions under which the place stands are asked.
func (d *Decisions) passes(s step) (yes, known bool) {
	if len(s.to) == 0 {
		return true, s.at == s.fr.Fn.Blocks[0]
	}
	if !slices.ContainsFunc(s.to, func(b *ssa.BasicBlock) bool { return !s.at.Dominates(b) }) {
		return true, true
	}
	taken := map[*ssa.BasicBlock]*ssa.BasicBlock{}
	for b := s.at.Idom(); b != nil && len(b.Instrs) > 0; b = b.Idom() {
		cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok || b.Succs[0] == b.Succs[1] {
			continue
		}
		if yes, known := d.elsewhere().truth(cond.Cond, s.fr); known {
			taken[b] = b.Succs[1]
			if yes {
				taken[b] = b.Succs[0]
			}
		}
	}
	meets := func(avoid *ssa.BasicBlock, goal []*ssa.BasicBlock) bool {
		seen := map[*ssa.BasicBlock]bool{avoid: true}
		for work := []*ssa.BasicBlock{s.fr.Fn.Blocks[0]}; len(work) > 0; {
			b := work[len(work)-1]
			work = work[:len(work)-1]
			switch {
			case seen[b]:
				continue
			case slices.Contains(goal, b):
				return true
			}
			seen[b] = true
			if to := taken[b]; to != nil {
				work = append(work, to)
			} else {
				work = append(work, b.Succs...)
			}
		}
		return false
	}
	switch {
	case !meets(nil, []*ssa.BasicBlock{s.at}):
		return false, true
	case meets(s.at, s.to):
		return false, false
	}
	return true, true
}
