package unknowntransport

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/index"
)

const maxUses = 400 // values followed from one connection

// use follows a connection from where it is made.
type use struct {
	finder
	seen    map[ssa.Value]bool
	written bool // the program writes bytes to it, or encodes values
	given   bool // it went to a library that speaks a protocol, or out of sight
}

// follow looks at everything that is done with v: a connection, or a tuple,
// interface or variable that holds one.
func (u *use) follow(v ssa.Value) {
	if u.seen[v] || u.given {
		return
	}
	u.seen[v] = true
	if len(u.seen) > maxUses || v.Referrers() == nil {
		u.given = true
		return
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.Extract:
			if r.Index == 0 {
				u.follow(r)
			}
		case *ssa.Phi, *ssa.MakeInterface, *ssa.ChangeInterface, *ssa.ChangeType, *ssa.TypeAssert:
			u.follow(r.(ssa.Value))
		case *ssa.UnOp:
			if r.Op == token.MUL {
				u.follow(r)
			}
		case *ssa.Store:
			if r.Val == v {
				u.stored(r.Addr)
			}
		case *ssa.MakeClosure:
			if i := slices.Index(r.Bindings, v); i >= 0 {
				u.follow(r.Fn.(*ssa.Function).FreeVars[i])
			}
		case *ssa.Return:
			u.returned(r, v)
		case ssa.CallInstruction:
			u.passed(r, v)
		}
	}
}

func (u *use) stored(addr ssa.Value) {
	switch a := addr.(type) {
	case *ssa.Alloc, *ssa.FreeVar:
		u.follow(a)
	case *ssa.Global:
		for _, l := range u.Index.GlobalLoads(a) {
			u.follow(l)
		}
	case *ssa.FieldAddr:
		if u.codec(a.X.Type()) {
			u.given = true // net/rpc speaks on it
			return
		}
		if field := index.Field(a.X.Type(), a.Field); field != nil {
			for _, l := range u.Index.FieldLoads(field) {
				u.follow(l)
			}
		}
	}
}

// codec reports whether t encodes the calls of net/rpc.
func (u *use) codec(t types.Type) bool {
	pkg := u.Program.SSA.ImportedPackage("net/rpc")
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

// returned follows a connection to the callers. A function that is handed to
// somebody else, or that nobody seems to call, is a library's dialer.
func (u *use) returned(r *ssa.Return, v ssa.Value) {
	n := slices.Index(r.Results, v)
	sites := u.Graph.In(r.Parent())
	if len(sites) == 0 && !token.IsExported(r.Parent().Name()) {
		u.given = true
	}
	for _, s := range sites {
		call, ok := s.Instr.(*ssa.Call)
		if !ok || s.Rule == calls.Passed {
			u.given = true
			continue
		}
		if len(r.Results) == 1 {
			u.follow(call)
			continue
		}
		for _, x := range *call.Referrers() {
			if x, ok := x.(*ssa.Extract); ok && x.Index == n {
				u.follow(x)
			}
		}
	}
}

func (u *use) passed(call ssa.CallInstruction, v ssa.Value) {
	cc := call.Common()
	if cc.IsInvoke() {
		if cc.Value == v {
			u.written = u.written || strings.HasPrefix(cc.Method.Name(), "Write")
			return
		}
		u.given = true
		return
	}
	symbol := index.CalleeSymbol(cc)
	if _, method, ok := strings.Cut(symbol, ").Write"); ok && len(cc.Args) > 0 && cc.Args[0] == v && !strings.Contains(method, ".") {
		u.written = true
		return
	}
	switch {
	case writes(symbol):
		u.written = true
		return
	case symbol == "crypto/tls.Client":
		u.follow(call.Value())
		return
	}
	callee := cc.StaticCallee()
	if callee == nil || callee.Blocks == nil || !u.Program.User(callee) || len(callee.Params) != len(cc.Args) {
		u.given = u.given || speaks(symbol)
		return
	}
	for i, a := range cc.Args {
		if a == v {
			u.follow(callee.Params[i])
		}
	}
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
