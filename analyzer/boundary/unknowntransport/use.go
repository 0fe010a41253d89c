package unknowntransport

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/program"
)

// uses is what a program does with the connections that it makes.
type uses struct {
	written map[*ssa.Call]bool // it writes bytes to it, or encodes values
	given   map[*ssa.Call]bool // it went to a library that speaks a protocol, or out of sight
}

// connections looks at every place at which something is done with a connection, and
// asks which of them it can be.
func (f finder) connections(made []*ssa.Call) uses {
	u := uses{map[*ssa.Call]bool{}, map[*ssa.Call]bool{}}
	if len(made) == 0 {
		return u
	}
	note := func(to map[*ssa.Call]bool, v ssa.Value, in *ssa.Function) {
		for _, call := range f.connected(v, in, 0) {
			if slices.Contains(made, call) {
				to[call] = true
			}
		}
	}
	for _, fn := range f.Program.Funcs {
		if !f.Program.User(fn) {
			continue
		}
		dialer := f.handedOver(fn)
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				switch instr := instr.(type) {
				case ssa.CallInstruction:
					f.called(&u, instr, note)
				case *ssa.Store:
					if at, ok := instr.Addr.(*ssa.FieldAddr); ok && f.codec(at.X.Type()) {
						note(u.given, instr.Val, fn) // net/rpc speaks on it
					}
				case *ssa.Return:
					for _, r := range instr.Results {
						if dialer {
							note(u.given, r, fn)
						}
					}
				}
			}
		}
	}
	return u
}

// called notes what a call does with the connections that it is given.
func (f finder) called(u *uses, call ssa.CallInstruction, note func(map[*ssa.Call]bool, ssa.Value, *ssa.Function)) {
	cc, in := call.Common(), call.Parent()
	to := u.given
	args := cc.Args
	if cc.IsInvoke() {
		switch {
		case strings.HasPrefix(cc.Method.Name(), "Write"):
			note(u.written, cc.Value, in)
		case cc.Method.Pkg() == nil || !f.Program.UserPackage(cc.Method.Pkg()):
			for _, a := range args {
				note(to, a, in)
			}
		}
		return
	}
	callee := cc.StaticCallee()
	if callee == nil || f.Program.User(callee) {
		return // what it does is seen there
	}
	symbol := index.CalleeSymbol(cc)
	switch _, method, ok := strings.Cut(symbol, ").Write"); {
	case ok && len(args) > 0 && !strings.Contains(method, "."):
		to, args = u.written, args[:1]
	case writes(symbol):
		to = u.written
	case symbol == "crypto/tls.Client" || !speaks(symbol):
		return
	}
	for _, a := range args {
		note(to, a, in)
	}
}

// maxWrapped is how many connections stand one around the other.
const maxWrapped = 4

// connected is the calls that made the connections which v can be.
func (f finder) connected(v ssa.Value, in *ssa.Function, depth int) []*ssa.Call {
	v = boundary.Promoted(v)
	if !writer(v.Type()) || depth > maxWrapped {
		return nil
	}
	var out []*ssa.Call
	for _, x := range f.Eval.Brief().Some(v, f.Eval.Root(in)) {
		made, ok := x.(eval.Result)
		if !ok {
			continue
		}
		if program.Symbol(made.Call.Call.StaticCallee()) == "crypto/tls.Client" {
			out = append(out, f.connected(made.Call.Call.Args[0], made.Call.Parent(), depth+1)...)
		}
		out = append(out, made.Call)
	}
	return out
}

// writer reports whether bytes can be written to values of t, or to what embeds in
// them.
func writer(t types.Type) bool {
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		if obj, _, _ := types.LookupFieldOrMethod(t, false, nil, "Write"); obj != nil {
			return true
		}
	}
	return false
}

// codec reports whether t encodes the calls of net/rpc.
func (f finder) codec(t types.Type) bool {
	pkg := f.Program.SSA.ImportedPackage("net/rpc")
	if pkg == nil {
		return false
	}
	for _, name := range []string{"ClientCodec", "ServerCodec"} {
		if i := pkg.Type(name); i != nil && types.Implements(t, i.Type().Underlying().(*types.Interface)) {
			return true
		}
	}
	return false
}

// handedOver reports whether what a function returns goes to others: it is handed to
// a library, or nobody seems to call it, as a library's dialer.
func (f finder) handedOver(fn *ssa.Function) bool {
	sites := f.Graph.In(fn)
	return len(sites) == 0 && !token.IsExported(fn.Name()) || slices.ContainsFunc(sites, func(s *calls.Site) bool {
		_, call := s.Instr.(*ssa.Call)
		to := s.Instr.Common().StaticCallee()
		return !call || s.Rule == calls.Passed && (to == nil || !f.Program.User(to))
	})
}

// writes reports whether a library function only puts bytes or encoded values
// on the connection it is given.
func writes(symbol string) bool {
	for _, prefix := range []string{"fmt.Fprint", "io.WriteString", "io.Copy", "bufio.NewWriter", "bufio.NewReadWriter", "encoding/", "net/textproto."} {
		if strings.HasPrefix(symbol, prefix) {
			return true
		}
	}
	return false
}

// speaks reports whether a library function may keep a connection to speak a
// protocol on it; the packages that only read, log or wait do not.
func speaks(symbol string) bool {
	if strings.HasPrefix(symbol, "(*net.") || strings.HasPrefix(symbol, "(net.") {
		return false
	}
	for _, prefix := range []string{"bufio.", "io.", "io/ioutil.", "fmt.", "log.", "os.", "errors.", "context.", "reflect."} {
		if strings.HasPrefix(symbol, prefix) {
			return false
		}
	}
	return true
}
