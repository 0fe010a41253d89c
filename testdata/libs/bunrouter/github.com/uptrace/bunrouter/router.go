// Package bunrouter is a stand-in for tests of uptrace/bunrouter: real names and
// signatures.
package bunrouter

import "net/http"

type Request struct{ *http.Request }

type HandlerFunc func(w http.ResponseWriter, req Request) error

type Option interface{ apply(*Router) }

type Group struct {
	router *Router
	path   string
}

type Router struct {
	Group

	tree map[string]HandlerFunc
}

func New(opts ...Option) *Router {
	r := &Router{tree: map[string]HandlerFunc{}}
	r.router = r
	return r
}

func (g *Group) POST(path string, handler HandlerFunc) { g.router.tree["POST"+g.path+path] = handler }

func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.tree[req.Method+req.URL.Path](w, Request{req})
}
