// Package execprogram finds programs that a process starts.
//
//  1. built: the function that makes the exec.Cmd (exec.Command,
//     CommandContext, a Cmd literal) names program and arguments
//  2. started: a Cmd that was kept in a field is started by another function;
//     the departure leaves from there too
//  3. replaced: syscall.Exec and unix.Exec
//  4. self: os.Executable, os.Args[0] and /proc/self/exe name the program
//     itself; the key's Name is then Self
//  5. argv[0]: a table of functions that is looked up by os.Args[0]; each entry
//     is what a start of the program under that name runs
//
// Name and arguments are folded through wrappers; what a configuration decides
// stays open and is reported with its default, where the program has one.
package execprogram

import (
	"context"
	"path"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// Finder finds started programs.
var Finder = boundary.Finder{Name: "execprogram", Idioms: []int{13, 14, 15, 16, 17, 20, 23}, Find: find}

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
		{"os.StartProcess", 0, "execprogram/3"},
	} {
		for _, call := range u.Index.Calls(sink.symbol) {
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
	for _, name := range []string{"Start", "Run", "Output", "CombinedOutput"} {
		for _, call := range u.Index.Calls("(*os/exec.Cmd)." + name) {
			if !u.Program.Std(call.In) && ctx.Err() == nil {
				f.started(call)
			}
		}
	}
	f.argv0Table()
}

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
	read := func(c *eval.Context) command {
		cmd := command{names: f.names(c, eval.Argument(call.Instr, arg), root)}
		cmd.argv = list(c.Eval(eval.Argument(call.Instr, arg+1), root))
		if rule == "execprogram/3" {
			cmd.takeArgv0(c)
		}
		return cmd
	}
	f.Eval.Contexts(func(c *eval.Context) []eval.Hole {
		cmd := read(c)
		return append(f.wanted(c, cmd), f.object(c, cmd, root)...)
	}, func(c *eval.Context) {
		f.report(c, read(c), boundary.Departure{In: call.In, Pos: call.Instr.Pos(), Via: boundary.Callers(c, root), Rule: rule})
	})
}

// object is the hole of the receiver when several objects of its type carry
// different program names: the caller says which one it is.
func (f *finder) object(c *eval.Context, cmd command, fr *eval.Frame) []eval.Hole {
	if fr.Fn.Signature.Recv() == nil || c.Depth() >= wordDepth {
		return nil
	}
	bases := map[string]bool{}
	for _, n := range cmd.names {
		if s, ok := n.Const(); ok {
			bases[path.Base(s)] = true
		}
	}
	if len(bases) < 2 {
		return nil
	}
	return eval.Holes(c.Eval(fr.Fn.Params[0], fr))
}

// literal reports the starts of a Cmd that is made field by field.
func (f *finder) literal(al *ssa.Alloc) {
	root := f.Eval.Root(al.Parent())
	read := func(c *eval.Context) command { return f.cmd(c, eval.Object{Site: al, Frame: root, T: al.Type()}) }
	if cmd := read(f.Eval.Context()); len(cmd.names) == 0 {
		return
	}
	f.contexts(read, func(c *eval.Context) {
		f.report(c, read(c), boundary.Departure{In: al.Parent(), Pos: al.Pos(), Via: boundary.Callers(c, root), Rule: "execprogram/1"})
	})
}

// cmd reads the exec.Cmd that a value is.
func (f *finder) cmd(c *eval.Context, v eval.Value) command {
	switch v := v.(type) {
	case eval.Object:
		var out command
		for _, p := range c.Field(v, "Path") {
			out.names = append(out.names, f.nameOf(p))
		}
		out.argv = list(c.Field(v, "Args"))
		out.takeArgv0(c)
		return out
	case eval.Result:
		switch program.Symbol(v.Call.Call.StaticCallee()) {
		case "os/exec.Command":
			return command{names: f.names(c, v.Call.Call.Args[0], v.Frame), argv: list(c.Eval(v.Call.Call.Args[1], v.Frame))}
		case "os/exec.CommandContext":
			return command{names: f.names(c, v.Call.Call.Args[1], v.Frame), argv: list(c.Eval(v.Call.Call.Args[2], v.Frame))}
		}
	}
	return command{}
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
				holes = append(holes, f.wanted(c, f.cmd(c, v))...)
			}
			return holes
		},
		func(c *eval.Context) {
			for _, v := range c.Eval(recv, root) {
				if cmd := f.cmd(c, v); len(cmd.names) > 0 && known(cmd) {
					f.report(c, cmd, boundary.Departure{In: call.In, Pos: call.Instr.Pos(), Rule: "execprogram/2"})
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

func (f *finder) contexts(read func(*eval.Context) command, visit func(*eval.Context)) {
	f.Eval.Contexts(func(c *eval.Context) []eval.Hole { return f.wanted(c, read(c)) }, visit)
}

// wordDepth is how many callers away a command word may be written.
const wordDepth = 3

// wanted is the holes that decide program and subcommand: the name when no
// part of it is known or a caller nearby fills it in, and the arguments that a caller passes on, up to the
// first known word.
func (f *finder) wanted(c *eval.Context, cmd command) []eval.Hole {
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

// list is the arguments of a command.
func list(values []eval.Value) eval.List {
	for _, v := range values {
		if l, ok := v.(eval.List); ok {
			return l
		}
	}
	for _, v := range values {
		if h, ok := v.(eval.Hole); ok && h.Kind != eval.Opaque {
			return eval.List{Elems: []eval.Elem{eval.RestOf(h)}}
		}
	}
	return eval.List{Elems: []eval.Elem{{Rest: true}}}
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
	k := f.Program.Name(d.In) + " " + d.Key.String() + " " + d.Key.Argv0
	for _, p := range d.Via {
		k += " " + p.In.Name()
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
