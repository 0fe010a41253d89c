// Package execprogram finds programs that a process starts.
//
//  1. built: the function that makes the exec.Cmd (exec.Command,
//     CommandContext, a Cmd literal) names program and arguments, as far as
//     it does not set Path and Args itself before it starts the Cmd
//  2. started: a Cmd that was kept in a field is started by another function;
//     the departure leaves from there too
//  3. replaced or forked: syscall.Exec, unix.Exec, syscall.ForkExec and
//     os.StartProcess
//  4. self: os.Executable, os.Args[0] and /proc/self/exe name the program
//     itself; the key's Name is then Self
//  5. argv[0]: a table of functions that is looked up by os.Args[0]; each entry
//     is what a start of the program under that name runs
//  6. shell: a shell that is given a line with -c stands for the programs that the
//     line starts
//  7. prefix: a program that runs the one named by its own words, as nice does,
//     stands for that one
//
// Name and arguments are folded through wrappers; what a configuration decides
// stays open and is reported with its default, where the program has one.
package execprogram

import (
	"context"
	"fmt"
	"go/types"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds started programs.
var Finder = boundary.Finder{Name: "execprogram", Idioms: []int{13, 14, 15, 16, 17, 20, 23}, Find: find, Protocols: []boundary.Protocol{{Kind: flow.Exec, Reach: boundary.Starts}}}

// Self is the Name of a departure that starts the program itself again.
const Self = "/proc/self/exe"

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := &finder{Unit: u, out: out, seen: map[string]bool{}}
	for _, sink := range []struct {
		symbol string
		name   int
		rule   string
	}{
		{"os/exec.Command", 0, "execprogram/1"},
		{"os/exec.CommandContext", 1, "execprogram/1"},
		{"syscall.Exec", 0, "execprogram/3"},
		{"golang.org/x/sys/unix.Exec", 0, "execprogram/3"},
		{"syscall.ForkExec", 0, "execprogram/3"},
		{"syscall.StartProcess", 0, "execprogram/3"},
		{"os.StartProcess", 0, "execprogram/3"},
	} {
		for _, call := range f.calls(sink.symbol) {
			if ctx.Err() != nil {
				return
			}
			if !u.Program.Std(call.In) && program.Symbol(call.In) != sink.symbol {
				f.built(call, sink.name, sink.rule)
			}
		}
	}
	for _, al := range u.Index.AllocsOf("os/exec.Cmd") {
		if !u.Program.Std(al.Parent()) && ctx.Err() == nil {
			f.literal(al)
		}
	}
	for _, name := range starters {
		for _, call := range u.Index.Calls("(*os/exec.Cmd)." + name) {
			if !u.Program.Std(call.In) && ctx.Err() == nil {
				f.started(call)
			}
		}
	}
	f.argv0Table()
}

// calls is the calls of a function: those that name it, and those of a variable or a
// field that holds it, as tests like to have one.
func (f *finder) calls(symbol string) []index.Call {
	out := slices.Clone(f.Index.Calls(symbol))
	for _, fn := range f.Program.Named(symbol) {
		for _, s := range f.Graph.In(fn) {
			if cc := s.Instr.Common(); s.Rule == calls.VTA && !cc.IsInvoke() && cc.StaticCallee() == nil {
				out = append(out, index.Call{In: s.Caller, Instr: s.Instr})
			}
		}
	}
	return out
}

// starters are the methods of a Cmd that start it.
var starters = []string{"Start", "Run", "Output", "CombinedOutput"}

type finder struct {
	*boundary.Unit
	out  *boundary.Findings
	seen map[string]bool
}

// command is what is known of one program start.
type command struct {
	names []eval.Text
	argv  eval.List // without argv[0]
	argv0 []eval.Value
}

// built reports the starts of one call that names program and arguments.
func (f *finder) built(call index.Call, arg int, rule string) {
	root := f.Eval.Root(call.In)
	name, args := eval.Argument(call.Instr, arg), eval.Argument(call.Instr, arg+1)
	read := func(c *eval.Context) []command {
		if rule == "execprogram/3" {
			return withArgv0(c, f.names(c, name, root), c.Eval(args, root))
		}
		if whole := sliced(name, args); whole != nil {
			return f.ofSlice(c, c.Eval(whole, root))
		}
		if cmds := f.changed(c, call, root); len(cmds) > 0 {
			return cmds
		}
		var out []command
		for _, l := range lists(c.Eval(args, root)) {
			out = append(out, command{names: f.names(c, name, root), argv: l})
		}
		return out
	}
	f.Eval.Contexts(func(c *eval.Context) (holes []eval.Hole) {
		for _, cmd := range read(c) {
			holes = append(holes, f.object(c, cmd, root)...)
			holes = append(holes, f.wanted(c, cmd)...)
		}
		return holes
	}, func(c *eval.Context) {
		for _, cmd := range read(c) {
			for _, cmd := range f.lines(c, f.behind(c, cmd)) {
				f.report(c, cmd, boundary.Departure{In: call.In, Pos: call.Instr.Pos(), Via: boundary.Callers(c, root), Rule: rule})
			}
		}
	})
}

// sliced is s when a command is made as exec.Command(s[0], s[1:]...): its
// program and its arguments come from the same list.
func sliced(name, args ssa.Value) ssa.Value {
	first, ok := name.(*ssa.UnOp)
	if !ok {
		return nil
	}
	at, ok := first.X.(*ssa.IndexAddr)
	rest, isSlice := args.(*ssa.Slice)
	if !ok || !isSlice || at.X != rest.X || rest.High != nil || !isInt(at.Index, 0) || !isInt(rest.Low, 1) {
		return nil
	}
	return rest.X
}

func isInt(v ssa.Value, n int64) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Int64() == n
}

// ofSlice is the commands whose first word is the program.
func (f *finder) ofSlice(c *eval.Context, values []eval.Value) []command {
	var out []command
	for _, l := range lists(values) {
		cmd := command{argv: l}
		if len(l.Elems) > 0 && !l.Elems[0].Rest {
			for _, x := range c.Element(l.Elems[0]) {
				cmd.names = append(cmd.names, f.nameOf(x))
			}
			cmd.argv.Elems = l.Elems[1:]
		}
		out = append(out, cmd)
	}
	return out
}

// changed is the commands of a Cmd whose Path or Args the function that made it
// sets before it starts it; none when it does not.
func (f *finder) changed(c *eval.Context, call index.Call, root *eval.Frame) []command {
	cmd, ok := call.Instr.(*ssa.Call)
	if !ok || !f.Eval.Changed(cmd, "Path") && !f.Eval.Changed(cmd, "Args") {
		return nil
	}
	at := startOf(cmd)
	if at == nil {
		return nil
	}
	var names []eval.Text
	for _, x := range c.FieldAt(cmd, "Path", at, root) {
		names = append(names, f.nameOf(x))
	}
	return withArgv0(c, names, c.FieldAt(cmd, "Args", at, root))
}

// startOf is where a Cmd is started, or else where it was handed on: what it is
// handed to may still change it.
func startOf(cmd ssa.Value) ssa.Instruction {
	var other ssa.Instruction
	for _, r := range *cmd.Referrers() {
		switch r := r.(type) {
		case *ssa.Call:
			if slices.Contains(starters, methodOfCmd(r)) {
				return r
			}
			other = r.Block().Instrs[slices.Index(r.Block().Instrs, ssa.Instruction(r))+1]
		case *ssa.Return, *ssa.MakeInterface, *ssa.Go, *ssa.Defer:
			other = r
		case *ssa.Store:
			if r.Val == cmd {
				other = r
			}
		}
	}
	return other
}

// methodOfCmd is the name of the exec.Cmd method that is called.
func methodOfCmd(call *ssa.Call) string {
	name, ok := strings.CutPrefix(program.Symbol(call.Call.StaticCallee()), "(*os/exec.Cmd).")
	if !ok {
		return ""
	}
	return name
}

// withArgv0 is the commands whose arguments begin with argv[0].
func withArgv0(c *eval.Context, names []eval.Text, args []eval.Value) []command {
	var out []command
	for _, l := range lists(args) {
		cmd := command{names: names, argv: l}
		cmd.takeArgv0(c)
		out = append(out, cmd)
	}
	return out
}

// object is the hole of the receiver when several objects of its type carry
// different program names, or words that other methods of it gave them: the caller
// says which one it is.
func (f *finder) object(c *eval.Context, cmd command, fr *eval.Frame) []eval.Hole {
	recv := fr.Fn.Signature.Recv()
	if recv == nil || c.Depth() >= wordDepth {
		return nil
	}
	bases := map[string]bool{}
	for _, n := range cmd.names {
		if s, ok := n.Const(); ok {
			bases[path.Base(s)] = true
		}
	}
	given := slices.ContainsFunc(cmd.argv.Elems, func(el eval.Elem) bool {
		if el.Frame == nil || el.Frame == fr || el.Frame.Fn == fr.Fn || el.Frame.Call != nil {
			return false
		}
		by := el.Frame.Fn.Signature.Recv()
		return by != nil && types.Identical(by.Type(), recv.Type())
	})
	if len(bases) < 2 && !given {
		return nil
	}
	return eval.Holes(c.Eval(fr.Fn.Params[0], fr))
}

// literal reports the starts of a Cmd that is made field by field. It leaves
// where the same function starts it.
func (f *finder) literal(al *ssa.Alloc) {
	root := f.Eval.Root(al.Parent())
	pos := al.Pos()
	at := startOf(al)
	if call, ok := at.(*ssa.Call); ok && methodOfCmd(call) != "" {
		pos = call.Pos()
	}
	read := func(c *eval.Context) []command {
		if at == nil {
			return f.cmds(c, eval.Object{Site: al, Frame: root, T: al.Type()})
		}
		var names []eval.Text
		for _, x := range c.FieldAt(al, "Path", at, root) {
			names = append(names, f.nameOf(x))
		}
		return withArgv0(c, names, c.FieldAt(al, "Args", at, root))
	}
	if !slices.ContainsFunc(read(f.Eval.Context()), func(cmd command) bool { return len(cmd.names) > 0 }) {
		return
	}
	f.Eval.Contexts(func(c *eval.Context) (holes []eval.Hole) {
		for _, cmd := range read(c) {
			holes = append(holes, f.wanted(c, cmd)...)
		}
		return holes
	}, func(c *eval.Context) {
		for _, cmd := range read(c) {
			f.report(c, f.behind(c, cmd), boundary.Departure{In: al.Parent(), Pos: pos, Via: boundary.Callers(c, root), Rule: "execprogram/1"})
		}
	})
}

// cmds reads the exec.Cmd that a value is.
func (f *finder) cmds(c *eval.Context, v eval.Value) []command {
	switch v := v.(type) {
	case eval.Object:
		var names []eval.Text
		for _, p := range c.Field(v, "Path") {
			names = append(names, f.nameOf(p))
		}
		return withArgv0(c, names, c.Field(v, "Args"))
	case eval.Result:
		n := 0
		switch program.Symbol(v.Call.Call.StaticCallee()) {
		case "os/exec.CommandContext":
			n = 1
		case "os/exec.Command":
		default:
			return nil
		}
		names := f.names(c, v.Call.Call.Args[n], v.Frame)
		if args := c.StoredTo(v, "Args"); len(args) > 0 {
			return withArgv0(c, names, args)
		}
		var out []command
		for _, l := range lists(c.Eval(v.Call.Call.Args[n+1], v.Frame)) {
			out = append(out, command{names: names, argv: l})
		}
		return out
	}
	return nil
}

// started reports the start of a Cmd that was made by another function and
// kept in a field.
func (f *finder) started(call index.Call) {
	recv := call.Instr.Common().Args[0]
	load, ok := recv.(*ssa.UnOp)
	if !ok {
		return
	}
	if _, ok := load.X.(*ssa.FieldAddr); !ok {
		return
	}
	root := f.Eval.Root(call.In)
	f.Eval.Contexts(
		func(c *eval.Context) []eval.Hole {
			holes := eval.Holes(c.Eval(recv, root))
			for _, v := range c.Eval(recv, root) {
				for _, cmd := range f.cmds(c, v) {
					holes = append(holes, f.wanted(c, cmd)...)
				}
			}
			return holes
		},
		func(c *eval.Context) {
			for _, v := range c.Eval(recv, root) {
				for _, cmd := range f.cmds(c, v) {
					if known(cmd) {
						f.report(c, f.behind(c, cmd), boundary.Departure{In: call.In, Pos: call.Instr.Pos(), Rule: "execprogram/2"})
					}
				}
			}
		})
}

func known(cmd command) bool {
	for _, n := range cmd.names {
		if strings.Trim(n.Pattern(), "*/") != "" {
			return true
		}
	}
	return false
}

// wordDepth is how many callers away a command word may be written.
const wordDepth = 3

// wanted is the holes that decide program and subcommand: the name when no
// part of it is known or a caller nearby fills it in, and the arguments that a caller passes on, up to the
// first known word.
func (f *finder) wanted(c *eval.Context, cmd command) []eval.Hole {
	cmd = f.behind(c, cmd)
	var out []eval.Hole
	for _, n := range cmd.names {
		if !known(cmd) || c.Depth() < wordDepth && strings.Contains(path.Base(n.Pattern()), "*") {
			out = append(out, n.Holes()...)
		}
	}
	for _, v := range cmd.argv0 {
		if h, ok := v.(eval.Hole); ok && h.Kind != eval.Opaque {
			out = append(out, h)
		}
	}
	word := false
	for _, el := range cmd.argv.Elems {
		if el.Rest {
			if h, ok := el.Hole(); ok {
				out = append(out, h)
			}
			continue
		}
		values := c.Element(el)
		for _, v := range values {
			s, ok := eval.AsText(v).Const()
			word = word || ok && s != "" && !strings.ContainsAny(s[:1], "-./")
		}
		if !word && c.Depth() < wordDepth {
			out = append(out, eval.Holes(values)...)
		}
	}
	return out
}

// names is the program names that v can be.
func (f *finder) names(c *eval.Context, v ssa.Value, fr *eval.Frame) []eval.Text {
	var out []eval.Text
	for _, x := range c.Eval(v, fr) {
		out = append(out, f.nameOf(x))
	}
	return out
}

// nameOf reads a program name; what os.Executable returns is the program
// itself.
func (f *finder) nameOf(v eval.Value) eval.Text {
	switch v := v.(type) {
	case eval.Result:
		if program.Symbol(v.Call.Call.StaticCallee()) == "os.Executable" {
			return eval.Lit(Self)
		}
	case eval.Hole:
		if isArgs0(v.V) {
			return eval.Lit(Self)
		}
	}
	return eval.AsText(v)
}

// isArgs0 reports whether v reads os.Args[0].
func isArgs0(v ssa.Value) bool {
	if u, ok := v.(*ssa.UnOp); ok {
		v = u.X
	}
	ia, ok := v.(*ssa.IndexAddr)
	if !ok {
		return false
	}
	i, ok := ia.Index.(*ssa.Const)
	if !ok || i.Int64() != 0 {
		return false
	}
	u, ok := ia.X.(*ssa.UnOp)
	if !ok {
		return false
	}
	g, ok := u.X.(*ssa.Global)
	return ok && g.Name() == "Args" && g.Pkg.Pkg.Path() == "os"
}

// takeArgv0 takes argv[0] from the front of the arguments.
func (cmd *command) takeArgv0(c *eval.Context) {
	if len(cmd.argv.Elems) == 0 || cmd.argv.Elems[0].Rest {
		return
	}
	cmd.argv0 = c.Element(cmd.argv.Elems[0])
	cmd.argv.Elems = cmd.argv.Elems[1:]
}

// lists is the arguments of a command, one list for each answer.
func lists(values []eval.Value) []eval.List {
	var out []eval.List
	for _, v := range values {
		switch v := v.(type) {
		case eval.List:
			out = append(out, v)
		case eval.Hole:
			if v.Kind != eval.Opaque {
				out = append(out, eval.List{Elems: []eval.Elem{eval.RestOf(v)}})
			}
		}
	}
	if len(out) == 0 {
		return []eval.List{{Elems: []eval.Elem{{Rest: true}}}}
	}
	return out
}

// report adds a departure for each name that is known at least in part, or one
// that says why there is none.
func (f *finder) report(c *eval.Context, cmd command, d boundary.Departure) {
	d.Kind = flow.Exec
	d.Key.Argv = f.argv(c, cmd.argv)
	if len(cmd.argv0) == 1 {
		d.Key.Argv0 = eval.AsText(cmd.argv0[0]).Pattern()
	}
	reported := false
	bases := map[string]bool{}
	for _, n := range cmd.names {
		name := n.Pattern()
		if strings.Trim(name, "*/") == "" || bases[path.Base(name)] {
			continue
		}
		bases[path.Base(name)] = true
		e := d
		e.Key.Name = strings.TrimPrefix(name, "*/")
		if strings.HasPrefix(name, "/proc/self/") {
			e.Key.Name, e.Rule = Self, "execprogram/4"
		}
		f.add(e)
		reported = true
	}
	if !reported {
		d.Key.Name = "*"
		d.Reason = "the name of the started program is not a constant of this program"
		f.add(d)
	}
}

func (f *finder) add(d boundary.Departure) {
	k := fmt.Sprint(f.Program.Name(d.In), " ", d.Key.String(), " ", d.Key.Argv0, " ", d.Pos)
	for i, p := range d.Via {
		k += " " + p.In.Name()
		if i == 0 {
			k += fmt.Sprint(" ", p.Pos) // cases of one switch are different ways
		}
	}
	if !f.seen[k] {
		f.seen[k] = true
		f.out.Departures = append(f.out.Departures, d)
	}
}

// argv reads the elements of an argument list.
func (f *finder) argv(c *eval.Context, l eval.List) []boundary.Arg {
	var out []boundary.Arg
	for _, el := range l.Elems {
		if el.Rest {
			out = append(out, boundary.Arg{Rest: true, Optional: true})
			continue
		}
		values := c.Element(el)
		text := "*"
		if len(values) == 1 {
			text = eval.AsText(values[0]).Pattern()
		}
		out = append(out, boundary.Arg{Text: text, Optional: el.Optional})
	}
	return out
}
