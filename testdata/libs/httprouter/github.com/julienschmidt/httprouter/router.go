// Package httprouter is a stand-in for tests of julienschmidt/httprouter: real
// names and signatures.
package httprouter

import "net/http"

type Handle func(http.ResponseWriter, *http.Request, Params)

type Params []struct{ Key, Value string }

func (ps Params) ByName(name string) string { return "" }

type Router struct{ trees map[string]Handle }

func New() *Router { return &Router{map[string]Handle{}} }

func (r *Router) Handle(method, path string, handle Handle) { r.trees[method+path] = handle }
func (r *Router) GET(path string, handle Handle)            { r.Handle("GET", path, handle) }
func (r *Router) POST(path string, handle Handle)           { r.Handle("POST", path, handle) }
func (r *Router) HandlerFunc(method, path string, handler http.HandlerFunc) {
	r.Handle(method, path, func(w http.ResponseWriter, req *http.Request, _ Params) { handler(w, req) })
}

func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.trees[req.Method+req.URL.Path](w, req, nil)
}
