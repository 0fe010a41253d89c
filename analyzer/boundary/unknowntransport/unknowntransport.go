// Package unknowntransport finds the ways out of a process that no other
// finder follows, so that a trace says where it stops instead of ending in
// silence.
//
//  2. connection: a connection made by package net or crypto/tls to which the
//     program itself writes. One that is handed to a client of a known protocol
//     (HTTP, gRPC, ttrpc, net/rpc) is that protocol's, and so is one that a
//     dialer function returns to a library.
//  3. library: what a model (analyzer/models) says is not followed: clients of
//     message brokers, web sockets, D-Bus, mail.
//  4. router: a library without bodies and without a model that is given a path
//     and a function; the hint is a model to fill in.
//  5. socket: one that the program makes and connects by system calls.
//
// Only calls in the sources under study are looked at: what a library does
// inside itself is its own affair.
//
// It cannot see what goes through files, pipes or shared memory.
package unknowntransport

import (
	"context"
	"fmt"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/index"
	"github.com/callroute/callroute/analyzer/models"
)

// Finder finds departures that are not followed.
var Finder = boundary.Finder{Name: "unknowntransport", Idioms: []int{23}, Find: find}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	f := finder{u, out}
	f.routers()
	type exit struct {
		way  way
		call index.Call
	}
	var exits []exit
	var made []*ssa.Call
	for _, symbol := range u.Index.Symbols() {
		how, ok := f.sends(symbol)
		if !ok {
			continue
		}
		for _, call := range u.Index.Calls(symbol) {
			if !u.Program.User(call.In) {
				continue
			}
			exits = append(exits, exit{how, call})
			if v := call.Instr.Value(); how.rule == connection && v != nil {
				made = append(made, v)
			}
		}
	}
	used := f.connections(made)
	for _, e := range exits {
		if ctx.Err() != nil {
			return
		}
		if v := e.call.Instr.Value(); e.way.rule != connection || v != nil && used.written[v] && !used.given[v] {
			f.report(e.way, e.call)
		}
	}
}

const connection = "unknowntransport/2"

// way is how a library function leaves the process.
type way struct {
	rule string
	what string
	key  int // the argument that says where to, the receiver being 0; -1 for none
}

// sends is the way out that the called symbol is.
func (f finder) sends(symbol string) (way, bool) {
	switch symbol {
	case "net.Dial", "net.DialTimeout", "crypto/tls.Dial":
		return way{connection, rawConnection, 1}, true
	case "(*net.Dialer).Dial", "crypto/tls.DialWithDialer", "(*crypto/tls.Dialer).Dial":
		return way{connection, rawConnection, 2}, true
	case "(*net.Dialer).DialContext", "(*crypto/tls.Dialer).DialContext":
		return way{connection, rawConnection, 3}, true
	case "net.DialTCP", "net.DialUDP", "net.DialUnix", "net.DialIP":
		return way{connection, rawConnection, -1}, true
	case "syscall.Connect", "golang.org/x/sys/unix.Connect":
		return way{"unknowntransport/5", "the protocol spoken on this socket is not known, so what it reaches is not followed", -1}, true
	}
	e, ok := models.Find(f.Models, func(m *models.Model) []models.Leave { return m.Leaves }, func(l *models.Leave) models.Symbol { return l.Call }, symbol)
	if ok {
		to := -1
		if e.Of.To != nil {
			to = int(*e.Of.To)
		}
		return way{"unknowntransport/3", e.Of.Why, to}, true
	}
	return way{}, false
}

const rawConnection = "the protocol spoken on this connection is not known, so what net.Dial reaches is not followed"

type finder struct {
	*boundary.Unit
	out *boundary.Findings
}

func (f finder) report(how way, call index.Call) {
	d := boundary.Departure{Kind: flow.Net, In: call.In, Pos: call.Instr.Pos(), Rule: how.rule, Reason: how.what}
	if a := eval.Argument(call.Instr, how.key); how.key >= 0 && a != nil {
		values := f.Eval.Context().Eval(a, f.Eval.Root(call.In))
		if len(values) == 1 {
			if p := eval.AsText(values[0]).Pattern(); p != "*" {
				d.Key.Name = p
				d.Reason = fmt.Sprintf("%s (%s)", how.what, p)
			}
		}
	}
	f.out.Departures = append(f.out.Departures, d)
}
