// Package httproute finds HTTP requests and the handlers that serve them.
//
// Departures. A request leaves where it is sent: http.Client.Do and its
// shorthands, RoundTrip, httputil.ClientConn.Do, http.Get and the like. Method
// and path are folded back from the request to the function that writes them,
// through any number of wrappers.
//
//  1. client: the send of a request whose method and path are known, also by
//     Request.Write to a connection
//  2. shorthand: http.Get, Client.Post …, where the URL stands at the call; also
//     of client libraries, by their models, with the base that their client has
//
// Arrivals. A handler is served where it is given to a router together with a
// pattern. Tables, constructors and decorators of routes are seen through,
// because pattern, method and handler are folded in one context.
//
//  3. net/http: Handle and HandleFunc, with Go 1.22 patterns
//
//  4. router: the calls that a model (analyzer/models) names, with the prefixes,
//     methods and groups that stand on the chain before and behind them
//
//  5. table: a handler looks up a part of the path in a map of handlers
//
//  6. comparison: a handler that serves without a router compares the path, or a
//     part of it, with constants; without any it answers all paths
//
//  7. table by method: handlers in a map by method and then by path, with the
//     base path that the API's description says
//
//  8. call: a handler that is made where it is called runs there
//
//  9. asked: a handler of a whole subtree is entered with a request whose path is
//     open; what its segments are compared with, looked up in or matched against is
//     served
//
//  10. transport: an http.RoundTripper of the program's own runs where a client
//     sends that was given it; where it asks nobody, nothing leaves
//
// A handler that wraps others stands for those it wraps: a closure that captured
// a handler, a struct with handlers in its fields, a library call that is given
// one, and a closure that turns one function of any type into a handler.
//
// A router whose value goes nowhere but to the calls that add its routes is not
// served, and answers nobody. Where the address of a request and the one that a
// server listens on are both constants, they have to agree; an address that a
// flag, the environment or a decoded field can set is not known, nor is any in
// a program that makes its HTTP connections itself.
//
// It cannot see a path that is read from configuration.
package httproute

import (
	"context"

	"github.com/callroute/callroute/analyzer/boundary"
)

// Finder finds HTTP departures and arrivals.
var Finder = boundary.Finder{Name: "httproute", Idioms: []int{1, 2, 3, 4, 5, 6, 7, 8}, Find: find, Protocols: []boundary.Protocol{protocol}}

func find(ctx context.Context, u *boundary.Unit, out *boundary.Findings) {
	findTransports(ctx, u, out)
	findClients(ctx, u, out)
	findLibraryClients(ctx, u, out)
	findServers(ctx, u, out)
}
