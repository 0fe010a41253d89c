// Package chi is a stand-in for tests: real names and signatures, and the one
// place where a route's handler is called.
package chi

import (
	"net/http"
	"strings"
)

type Router interface {
	http.Handler
	Use(middlewares ...func(http.Handler) http.Handler)
	With(middlewares ...func(http.Handler) http.Handler) Router
	Group(fn func(r Router)) Router
	Route(pattern string, fn func(r Router)) Router
	Mount(pattern string, h http.Handler)
	Handle(pattern string, h http.Handler)
	HandleFunc(pattern string, h http.HandlerFunc)
	Method(method, pattern string, h http.Handler)
	MethodFunc(method, pattern string, h http.HandlerFunc)
	Connect(pattern string, h http.HandlerFunc)
	Delete(pattern string, h http.HandlerFunc)
	Get(pattern string, h http.HandlerFunc)
	Head(pattern string, h http.HandlerFunc)
	Options(pattern string, h http.HandlerFunc)
	Patch(pattern string, h http.HandlerFunc)
	Post(pattern string, h http.HandlerFunc)
	Put(pattern string, h http.HandlerFunc)
	Trace(pattern string, h http.HandlerFunc)
	NotFound(h http.HandlerFunc)
}

type Middlewares []func(http.Handler) http.Handler

type endpoint struct {
	method, pattern string
	handler         http.Handler
}

type Mux struct {
	middlewares Middlewares
	endpoints   []endpoint
	inline      bool
	parent      *Mux
}

var _ Router = &Mux{}

func NewRouter() *Mux { return &Mux{} }
func NewMux() *Mux    { return &Mux{} }

func (mx *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, e := range mx.endpoints {
		if (e.method == "" || e.method == r.Method) && strings.HasPrefix(r.URL.Path, e.pattern) {
			h := e.handler
			for i := len(mx.middlewares) - 1; i >= 0; i-- {
				h = mx.middlewares[i](h)
			}
			h.ServeHTTP(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

func (mx *Mux) Use(middlewares ...func(http.Handler) http.Handler) {
	mx.middlewares = append(mx.middlewares, middlewares...)
}

func (mx *Mux) With(middlewares ...func(http.Handler) http.Handler) Router {
	return &Mux{inline: true, parent: mx, middlewares: append(mx.middlewares, middlewares...)}
}

func (mx *Mux) Group(fn func(r Router)) Router {
	im := mx.With()
	if fn != nil {
		fn(im)
	}
	return im
}

func (mx *Mux) Route(pattern string, fn func(r Router)) Router {
	subRouter := NewRouter()
	fn(subRouter)
	mx.Mount(pattern, subRouter)
	return subRouter
}

func (mx *Mux) Mount(pattern string, handler http.Handler) { mx.handle("", pattern, handler) }
func (mx *Mux) Handle(pattern string, handler http.Handler) {
	mx.handle("", pattern, handler)
}
func (mx *Mux) HandleFunc(pattern string, handlerFn http.HandlerFunc) {
	mx.handle("", pattern, handlerFn)
}
func (mx *Mux) Method(method, pattern string, handler http.Handler) {
	mx.handle(method, pattern, handler)
}
func (mx *Mux) MethodFunc(method, pattern string, handlerFn http.HandlerFunc) {
	mx.handle(method, pattern, handlerFn)
}
func (mx *Mux) Connect(pattern string, h http.HandlerFunc) { mx.handle("CONNECT", pattern, h) }
func (mx *Mux) Delete(pattern string, h http.HandlerFunc)  { mx.handle("DELETE", pattern, h) }
func (mx *Mux) Get(pattern string, h http.HandlerFunc)     { mx.handle("GET", pattern, h) }
func (mx *Mux) Head(pattern string, h http.HandlerFunc)    { mx.handle("HEAD", pattern, h) }
func (mx *Mux) Options(pattern string, h http.HandlerFunc) { mx.handle("OPTIONS", pattern, h) }
func (mx *Mux) Patch(pattern string, h http.HandlerFunc)   { mx.handle("PATCH", pattern, h) }
func (mx *Mux) Post(pattern string, h http.HandlerFunc)    { mx.handle("POST", pattern, h) }
func (mx *Mux) Put(pattern string, h http.HandlerFunc)     { mx.handle("PUT", pattern, h) }
func (mx *Mux) Trace(pattern string, h http.HandlerFunc)   { mx.handle("TRACE", pattern, h) }
func (mx *Mux) NotFound(h http.HandlerFunc)                {}

func (mx *Mux) handle(method, pattern string, handler http.Handler) {
	if mx.inline {
		mx.parent.handle(method, pattern, handler)
		return
	}
	mx.endpoints = append(mx.endpoints, endpoint{method, pattern, handler})
}

func URLParam(r *http.Request, key string) string { return "" }
