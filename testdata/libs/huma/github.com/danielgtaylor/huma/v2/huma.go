// Package huma is a stand-in for tests of danielgtaylor/huma: real names and
// signatures.
package huma

import (
	"context"
	"net/http"
)

type Operation struct {
	OperationID string
	Method      string
	Path        string
	Summary     string
	Tags        []string
}

type Config struct{ DocsPath string }

func DefaultConfig(title, version string) Config { return Config{} }

type Context interface {
	Method() string
	Header(name string) string
}

type Adapter interface {
	Handle(op *Operation, handler func(ctx Context))
	ServeHTTP(http.ResponseWriter, *http.Request)
}

type API interface {
	Adapter() Adapter
	UseMiddleware(middlewares ...func(ctx Context, next func(Context)))
}

type api struct {
	adapter     Adapter
	middlewares []func(Context, func(Context))
}

func NewAPI(config Config, a Adapter) API { return &api{adapter: a} }

func (a *api) Adapter() Adapter { return a.adapter }

func (a *api) UseMiddleware(middlewares ...func(ctx Context, next func(Context))) {
	a.middlewares = append(a.middlewares, middlewares...)
}

type Group struct {
	API
	prefixes []string
}

func NewGroup(api API, prefixes ...string) *Group { return &Group{api, prefixes} }

func Register[I, O any](api API, op Operation, handler func(context.Context, *I) (*O, error)) {
	api.Adapter().Handle(&op, func(ctx Context) {
		var in I
		handler(context.Background(), &in)
	})
}

func Get[I, O any](api API, path string, handler func(context.Context, *I) (*O, error), operationHandlers ...func(o *Operation)) {
	Register(api, Operation{Method: http.MethodGet, Path: path}, handler)
}

func Post[I, O any](api API, path string, handler func(context.Context, *I) (*O, error), operationHandlers ...func(o *Operation)) {
	Register(api, Operation{Method: http.MethodPost, Path: path}, handler)
}
