// Package gin is a stand-in for tests of gin-gonic/gin: real names and
// signatures.
package gin

import "net/http"

type HandlerFunc func(*Context)

type Context struct {
	Request *http.Request
	Writer  http.ResponseWriter

	handlers []HandlerFunc
	index    int
}

func (c *Context) Next() {
	for c.index++; c.index < len(c.handlers); c.index++ {
		c.handlers[c.index](c)
	}
}

func (c *Context) Abort()                    {}
func (c *Context) Param(key string) string   { return "" }
func (c *Context) GetHeader(k string) string { return "" }
func (c *Context) Status(code int)           {}

type IRoutes interface {
	Use(...HandlerFunc) IRoutes
	Handle(string, string, ...HandlerFunc) IRoutes
	Any(string, ...HandlerFunc) IRoutes
	GET(string, ...HandlerFunc) IRoutes
	POST(string, ...HandlerFunc) IRoutes
	DELETE(string, ...HandlerFunc) IRoutes
}

type IRouter interface {
	IRoutes
	Group(string, ...HandlerFunc) *RouterGroup
}

type RouterGroup struct {
	Handlers []HandlerFunc

	basePath string
	engine   *Engine
}

type Engine struct {
	RouterGroup

	tree map[string][]HandlerFunc
}

func New() *Engine     { e := &Engine{tree: map[string][]HandlerFunc{}}; e.engine = e; return e }
func Default() *Engine { return New() }

func (engine *Engine) Use(middleware ...HandlerFunc) IRoutes {
	return engine.RouterGroup.Use(middleware...)
}

func (engine *Engine) Run(addr ...string) error { return http.ListenAndServe(addr[0], engine) }

func (engine *Engine) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c := &Context{Request: req, Writer: w, handlers: engine.tree[req.Method+req.URL.Path], index: -1}
	c.Next()
}

func (group *RouterGroup) Use(middleware ...HandlerFunc) IRoutes {
	group.Handlers = append(group.Handlers, middleware...)
	return group
}

func (group *RouterGroup) Group(relativePath string, handlers ...HandlerFunc) *RouterGroup {
	return &RouterGroup{append(group.Handlers, handlers...), group.basePath + relativePath, group.engine}
}

func (group *RouterGroup) Handle(httpMethod, relativePath string, handlers ...HandlerFunc) IRoutes {
	group.engine.tree[httpMethod+group.basePath+relativePath] = append(group.Handlers, handlers...)
	return group
}

func (group *RouterGroup) Any(path string, handlers ...HandlerFunc) IRoutes {
	return group.Handle("*", path, handlers...)
}
func (group *RouterGroup) GET(path string, handlers ...HandlerFunc) IRoutes {
	return group.Handle("GET", path, handlers...)
}
func (group *RouterGroup) POST(path string, handlers ...HandlerFunc) IRoutes {
	return group.Handle("POST", path, handlers...)
}
func (group *RouterGroup) DELETE(path string, handlers ...HandlerFunc) IRoutes {
	return group.Handle("DELETE", path, handlers...)
}
