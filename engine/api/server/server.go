// Package server is the engine's HTTP API: the one that docker's command line
// speaks, versions 1.24 to 1.50.
//
// Its words. A route is a method and a path ("POST /containers/{name}/pause")
// with the handler that answers it; routes.go lists them all. A handler reads
// the request (path, query, body), asks the Backend one thing, and answers.
// The file of a handler is named by the verb that a person types.
//
// A request goes through four steps. ServeHTTP finds the route and answers
// unknown ones; answer checks the API version in front of the path and turns
// a handler's error into a status and a body {"message":"…"}; the handler
// decodes; the backend does. What older versions of the API looked like is in
// legacy.go and nowhere else.
//
// An answer is one of four kinds: a JSON body (writeJSON), a stream of JSON
// lines (progress, wait, events, stats), a stream of output (OpenWriter), or
// the connection itself, which the backend takes over (Connect).
//
// Sizes: a JSON body over 4 MiB is refused with 413. Tar streams are passed on
// as they come and have no limit here.
//
// The package does not listen: it is an http.Handler for whoever has a socket.
// It knows nothing of who the client is; the socket's permissions say that.
package server

import (
	"net/http"

	"github.com/sirupsen/logrus"
)

// The versions of the API that the server speaks.
const (
	APIVersion    = "1.50"
	MinAPIVersion = "1.24"
)

// Config is what a server is made of.
type Config struct {
	Backend Backend
	Version string // the engine's, for the Server header
	Log     *logrus.Logger
}

// New returns the API in front of a backend.
func New(config Config) http.Handler {
	s := &server{
		product:   "Engine/" + config.Version + " (linux)",
		log:       config.Log,
		plain:     http.NewServeMux(),
		versioned: http.NewServeMux(),
	}
	for _, r := range routes(config) {
		s.plain.Handle(r.method+" "+r.path, s.answer(r.handler))
		s.versioned.Handle(r.method+" /{version}"+r.path, s.answer(r.handler))
		s.names.add(r)
	}
	return s
}

// server finds the route of a request. Paths with a version in front have a
// mux of their own, because the patterns "/{version}/networks" and
// "/networks/{name}" cannot stand in one.
type server struct {
	product          string
	log              *logrus.Logger
	plain, versioned *http.ServeMux
	names            names
}

// route is one thing that can be asked of the server.
type route struct {
	method, path string
	handler      handler
}

// handler answers a request, or returns why it does not. It does not write an
// error itself.
type handler func(w http.ResponseWriter, r *http.Request) error

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Server", s.product)
	h.Set("Api-Version", APIVersion)
	h.Set("Docker-Experimental", "true")
	h.Set("Ostype", "linux")

	mux := s.plain
	if version, _ := cutVersion(r.URL.Path); version != "" {
		mux = s.versioned
	}
	if found, at := s.find(mux, r); found {
		mux.ServeHTTP(w, at)
		return
	}
	s.unknown(mux, w, r)
}

// find reports whether there is a route for the request, and returns the
// request with a path that the mux reads as that route.
func (s *server) find(mux *http.ServeMux, r *http.Request) (bool, *http.Request) {
	// The mux would redirect a path that is not clean; a client that follows
	// would ask for something else than it meant to.
	if clean(r.URL.EscapedPath()) {
		if _, pattern := mux.Handler(r); pattern != "" {
			return true, r
		}
	}
	if folded, ok := s.names.fold(r); ok {
		if _, pattern := mux.Handler(folded); pattern != "" {
			return true, folded
		}
	}
	return false, nil
}

// unknown answers a request that has no route: 405 if its path has one under
// another method.
func (s *server) unknown(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	if clean(r.URL.EscapedPath()) {
		h, _ := mux.Handler(r)
		miss := &discarded{header: http.Header{}}
		h.ServeHTTP(miss, r)
		if miss.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", miss.header.Get("Allow"))
			writeMessage(w, http.StatusMethodNotAllowed, "method not allowed")
			return
		}
	}
	writeMessage(w, http.StatusNotFound, "page not found")
}

// discarded keeps the status and the headers of an answer.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) WriteHeader(status int)      { d.status = status }
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }
