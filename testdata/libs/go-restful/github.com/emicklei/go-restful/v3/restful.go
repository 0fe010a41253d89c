// Package restful is a stand-in for tests of emicklei/go-restful: real names and
// signatures.
package restful

import "net/http"

type (
	Request  struct{ Request *http.Request }
	Response struct{ http.ResponseWriter }
)

func (r *Request) PathParameter(name string) string { return "" }

type RouteFunction func(*Request, *Response)

type Route struct {
	Method, Path string
	Function     RouteFunction
}

type RouteBuilder struct {
	rootPath, currentPath, httpMethod string
	function                          RouteFunction
}

func (b *RouteBuilder) To(function RouteFunction) *RouteBuilder    { b.function = function; return b }
func (b *RouteBuilder) Doc(documentation string) *RouteBuilder     { return b }
func (b *RouteBuilder) Produces(mimeTypes ...string) *RouteBuilder { return b }

type WebService struct {
	rootPath string
	routes   []*RouteBuilder
}

func (w *WebService) Path(root string) *WebService                { w.rootPath = root; return w }
func (w *WebService) Produces(contentTypes ...string) *WebService { return w }
func (w *WebService) Route(builder *RouteBuilder) *WebService {
	w.routes = append(w.routes, builder)
	return w
}
func (w *WebService) GET(subPath string) *RouteBuilder {
	return &RouteBuilder{w.rootPath, subPath, "GET", nil}
}

func (w *WebService) POST(subPath string) *RouteBuilder {
	return &RouteBuilder{w.rootPath, subPath, "POST", nil}
}

func (w *WebService) DELETE(subPath string) *RouteBuilder {
	return &RouteBuilder{w.rootPath, subPath, "DELETE", nil}
}

type Container struct{ services []*WebService }

func NewContainer() *Container { return &Container{} }

func (c *Container) Add(service *WebService) *Container {
	c.services = append(c.services, service)
	return c
}

func (c *Container) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, s := range c.services {
		for _, b := range s.routes {
			b.function(&Request{r}, &Response{w})
		}
	}
}
