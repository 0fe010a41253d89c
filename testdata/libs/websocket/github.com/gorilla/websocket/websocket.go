// Package websocket is a stand-in for tests of gorilla/websocket: real names and
// signatures.
package websocket

import (
	"context"
	"net/http"
)

type Conn struct{ sent []any }

func (c *Conn) WriteJSON(v interface{}) error { c.sent = append(c.sent, v); return nil }
func (c *Conn) ReadJSON(v interface{}) error  { return nil }
func (c *Conn) Close() error                  { return nil }

type Dialer struct{ Subprotocols []string }

var DefaultDialer = &Dialer{}

func (d *Dialer) Dial(urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return d.DialContext(context.Background(), urlStr, requestHeader)
}

func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return &Conn{}, nil, nil
}

type Upgrader struct{ Subprotocols []string }

func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header) (*Conn, error) {
	return &Conn{}, nil
}
