// Package client asks the daemon over HTTP: one method for each route of the
// API, on the eight kinds of things that a request can be about.
//
// A call builds a path, a query and a body, sends them, and gives back the
// answer decoded, or an error of package errdefs. Three kinds of answer
// exist. Most are one JSON value, read whole. Logs, stats, events, images and
// archives are a body that the caller reads and closes. Attach and exec take
// the connection over: after "101 Switching Protocols" (older daemons say
// 200) it carries the process's streams both ways.
//
// The client speaks the newest version of the API. A daemon that is older
// says so in its answer, and from then on its version is spoken; nothing is
// asked beforehand, which would cost every command a round trip. Only a
// request whose body cannot be sent twice asks first.
//
// An error of the daemon keeps its class and says "Error response from daemon:"
// before the daemon's own words.
package client

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callroute/callroute/engine/errdefs"
)

// APIVersion is the version of the API that the client prefers.
const APIVersion = "1.50"

// DefaultHost is where the daemon listens unless it is told otherwise.
const DefaultHost = "unix:///run/engine.sock"

// Client asks one daemon. It may be used by several goroutines.
type Client struct {
	Containers  Containers
	Execs       Execs
	Archives    Archives
	Checkpoints Checkpoints
	Images      Images
	Volumes     Volumes
	Networks    Networks
	System      System

	transport *transport
}

// The verbs, by the kind of thing that they are about.
type (
	// Containers are the verbs of /containers.
	Containers struct{ *transport }
	// Execs are the verbs of processes that are added to a container.
	Execs struct{ *transport }
	// Archives are the verbs of a container's files.
	Archives struct{ *transport }
	// Checkpoints are the verbs of a container's checkpoints.
	Checkpoints struct{ *transport }
	// Images are the verbs of /images.
	Images struct{ *transport }
	// Volumes are the verbs of /volumes.
	Volumes struct{ *transport }
	// Networks are the verbs of /networks.
	Networks struct{ *transport }
	// System are the verbs about the engine itself.
	System struct{ *transport }
)

// Option changes how a Client is made.
type Option func(*transport)

// WithVersion makes the client begin with a version other than APIVersion.
func WithVersion(version string) Option {
	return func(t *transport) { t.version.Store(&version) }
}

// WithTrace has each request told of when its answer begins: the error is nil
// or why there is none.
func WithTrace(trace func(r *http.Request, took time.Duration, err error)) Option {
	return func(t *transport) { t.trace = trace }
}

// New is a client of the daemon at host: "unix:///path" or, for a daemon
// of this machine only, "tcp://127.0.0.1:port". No connection is made yet.
func New(host string, opts ...Option) (*Client, error) {
	network, address, err := parseHost(host)
	if err != nil {
		return nil, err
	}
	t := &transport{
		host: host, network: network, address: address,
		trace: func(*http.Request, time.Duration, error) {},
	}
	WithVersion(APIVersion)(t)
	for _, opt := range opts {
		opt(t)
	}
	t.http = &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return t.dial(ctx) },
			// The answers that are worth packing are archives of packed layers.
			DisableCompression: true,
			IdleConnTimeout:    30 * time.Second,
		},
		// A request is for this daemon; where it points to is not.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		Containers: Containers{t}, Execs: Execs{t}, Archives: Archives{t}, Checkpoints: Checkpoints{t}, Images: Images{t}, Volumes: Volumes{t},
		Networks: Networks{t}, System: System{t},
		transport: t,
	}, nil
}

// Host is the address that the client was made with.
func (c *Client) Host() string { return c.transport.host }

// Version is the version of the API that is spoken. It is certain once an
// answer has come.
func (c *Client) Version() string { return *c.transport.version.Load() }

// Close ends the connections that wait for another request.
func (c *Client) Close() { c.transport.http.CloseIdleConnections() }

// transport is what all verbs share: the way to the daemon.
type transport struct {
	host             string // as given
	network, address string // for net.Dial
	version          atomic.Pointer[string]
	agreed           atomic.Bool // the daemon has answered in this version
	trace            func(r *http.Request, took time.Duration, err error)
	http             *http.Client
}

func (t *transport) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: 30 * time.Second}
	return dialer.DialContext(ctx, t.network, t.address)
}

// parseHost splits a host into what net.Dial takes. There is no encryption,
// so that TCP is for this machine alone.
func parseHost(host string) (network, address string, err error) {
	scheme, rest, ok := strings.Cut(host, "://")
	if !ok {
		return "", "", errdefs.Invalid("invalid host %q: it must begin with unix:// or tcp://", host)
	}
	switch scheme {
	case "unix":
		if rest == "" {
			return "", "", errdefs.Invalid("invalid host %q: no path of a socket", host)
		}
		return "unix", rest, nil
	case "tcp":
		rest = strings.TrimSuffix(rest, "/")
		name, port, err := net.SplitHostPort(rest)
		if err != nil || port == "" {
			return "", "", errdefs.Invalid("invalid host %q: it must be tcp://address:port", host)
		}
		if ip := net.ParseIP(name); name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return "", "", errdefs.Invalid("invalid host %q: without encryption only this machine can be asked (tcp://127.0.0.1:%s)", host, port)
		}
		return "tcp", rest, nil
	}
	return "", "", errdefs.Invalid("invalid host %q: %s:// is not supported, only unix:// and tcp://", host, scheme)
}

// segment is a name as one part of a path, whatever is in it.
func segment(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}
