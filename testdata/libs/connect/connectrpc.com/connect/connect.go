// Package connect is a stand-in for tests of connectrpc/connect-go: real names
// and signatures.
package connect

import (
	"context"
	"net/http"
)

type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

type (
	ClientOption  interface{ applyToClient() }
	HandlerOption interface{ applyToHandler() }
)

type Request[T any] struct{ Msg *T }

type Response[T any] struct{ Msg *T }

func NewRequest[T any](message *T) *Request[T]   { return &Request[T]{message} }
func NewResponse[T any](message *T) *Response[T] { return &Response[T]{message} }

type Client[Req, Res any] struct {
	http HTTPClient
	url  string
}

func NewClient[Req, Res any](httpClient HTTPClient, url string, options ...ClientOption) *Client[Req, Res] {
	return &Client[Req, Res]{httpClient, url}
}

func (c *Client[Req, Res]) CallUnary(ctx context.Context, request *Request[Req]) (*Response[Res], error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, nil)
	if err != nil {
		return nil, err
	}
	_, err = c.http.Do(req)
	return nil, err
}

type Handler struct {
	serve func(http.ResponseWriter, *http.Request)
}

func NewUnaryHandler[Req, Res any](
	procedure string,
	unary func(context.Context, *Request[Req]) (*Response[Res], error),
	options ...HandlerOption,
) *Handler {
	return &Handler{func(w http.ResponseWriter, r *http.Request) { unary(r.Context(), &Request[Req]{}) }}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r) }
