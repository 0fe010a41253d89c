// Package mux is a stand-in for tests: real names and signatures, and the one
// place where a route's handler is called.
package mux

import (
	"net/http"
	"strings"
)

type MiddlewareFunc func(http.Handler) http.Handler

type Router struct {
	NotFoundHandler http.Handler
	routes          []*Route
	middlewares     []MiddlewareFunc
}

type RouteMatch struct {
	Route   *Route
	Handler http.Handler
	Vars    map[string]string
}

type Route struct {
	prefix    string
	path      string
	methods   []string
	handler   http.Handler
	subrouter *Router
}

func NewRouter() *Router { return &Router{} }

func (r *Router) Use(mwf ...MiddlewareFunc)        { r.middlewares = append(r.middlewares, mwf...) }
func (r *Router) StrictSlash(value bool) *Router   { return r }
func (r *Router) UseEncodedPath() *Router          { return r }
func (r *Router) Path(tpl string) *Route           { return r.NewRoute().Path(tpl) }
func (r *Router) PathPrefix(tpl string) *Route     { return r.NewRoute().PathPrefix(tpl) }
func (r *Router) Methods(methods ...string) *Route { return r.NewRoute().Methods(methods...) }
func (r *Router) Host(tpl string) *Route           { return r.NewRoute().Host(tpl) }
func (r *Router) Handle(path string, handler http.Handler) *Route {
	return r.NewRoute().Path(path).Handler(handler)
}
func (r *Router) HandleFunc(path string, f func(http.ResponseWriter, *http.Request)) *Route {
	return r.NewRoute().Path(path).HandlerFunc(f)
}

func (r *Router) NewRoute() *Route {
	route := &Route{}
	r.routes = append(r.routes, route)
	return route
}

func (r *Router) Match(req *http.Request, match *RouteMatch) bool {
	for _, route := range r.routes {
		if !strings.HasPrefix(req.URL.Path, route.prefix+route.path) {
			continue
		}
		if route.subrouter != nil {
			return route.subrouter.Match(req, match)
		}
		match.Route, match.Handler = route, route.handler
		for i := len(r.middlewares) - 1; i >= 0; i-- {
			match.Handler = r.middlewares[i](match.Handler)
		}
		return true
	}
	return false
}

func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var match RouteMatch
	handler := r.NotFoundHandler
	if r.Match(req, &match) {
		handler = match.Handler
	}
	handler.ServeHTTP(w, req)
}

func (r *Route) Handler(handler http.Handler) *Route { r.handler = handler; return r }
func (r *Route) HandlerFunc(f func(http.ResponseWriter, *http.Request)) *Route {
	return r.Handler(http.HandlerFunc(f))
}
func (r *Route) Path(tpl string) *Route           { r.path = tpl; return r }
func (r *Route) PathPrefix(tpl string) *Route     { r.prefix = tpl; return r }
func (r *Route) Methods(methods ...string) *Route { r.methods = methods; return r }
func (r *Route) Host(tpl string) *Route           { return r }
func (r *Route) Name(name string) *Route          { return r }
func (r *Route) Subrouter() *Router               { r.subrouter = &Router{}; return r.subrouter }

func Vars(r *http.Request) map[string]string { return nil }
