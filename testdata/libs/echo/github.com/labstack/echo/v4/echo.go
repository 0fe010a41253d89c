// Package echo is a stand-in for tests of labstack/echo: real names and
// signatures.
package echo

import "net/http"

type (
	HandlerFunc    func(c Context) error
	MiddlewareFunc func(next HandlerFunc) HandlerFunc
)

type Context interface {
	Request() *http.Request
	Param(name string) string
	NoContent(code int) error
}

type Route struct{ Method, Path, Name string }

type Echo struct{ table map[string]HandlerFunc }

type Group struct {
	prefix string
	echo   *Echo
}

func New() *Echo { return &Echo{map[string]HandlerFunc{}} }

func (e *Echo) Use(middleware ...MiddlewareFunc) {}

func (e *Echo) Add(method, path string, handler HandlerFunc, middleware ...MiddlewareFunc) *Route {
	for _, m := range middleware {
		handler = m(handler)
	}
	e.table[method+path] = handler
	return &Route{Method: method, Path: path}
}

func (e *Echo) GET(path string, h HandlerFunc, m ...MiddlewareFunc) *Route {
	return e.Add("GET", path, h, m...)
}

func (e *Echo) POST(path string, h HandlerFunc, m ...MiddlewareFunc) *Route {
	return e.Add("POST", path, h, m...)
}

func (e *Echo) Group(prefix string, m ...MiddlewareFunc) (g *Group) { return &Group{prefix, e} }

func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.table[r.Method+r.URL.Path](nil) }

func (e *Echo) Start(address string) error { return http.ListenAndServe(address, e) }

func (g *Group) Use(middleware ...MiddlewareFunc) {}

func (g *Group) Group(prefix string, middleware ...MiddlewareFunc) (sg *Group) {
	return &Group{g.prefix + prefix, g.echo}
}

func (g *Group) POST(path string, h HandlerFunc, m ...MiddlewareFunc) *Route {
	return g.echo.Add("POST", g.prefix+path, h, m...)
}

func (g *Group) DELETE(path string, h HandlerFunc, m ...MiddlewareFunc) *Route {
	return g.echo.Add("DELETE", g.prefix+path, h, m...)
}

func WrapHandler(h http.Handler) HandlerFunc { return func(c Context) error { return nil } }
