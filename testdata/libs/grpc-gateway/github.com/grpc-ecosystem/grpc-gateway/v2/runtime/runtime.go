// Package runtime has what generated gateways call.
package runtime

import "net/http"

type HandlerFunc func(w http.ResponseWriter, r *http.Request, pathParams map[string]string)

type ServeMuxOption func(*ServeMux)

type route struct {
	pattern Pattern
	handler HandlerFunc
}

type ServeMux struct{ routes map[string][]route }

func NewServeMux(opts ...ServeMuxOption) *ServeMux {
	s := &ServeMux{routes: map[string][]route{}}
	for _, o := range opts {
		o(s)
	}
	return s
}

func (s *ServeMux) Handle(method string, pattern Pattern, h HandlerFunc) {
	s.routes[method] = append(s.routes[method], route{pattern, h})
}

func (s *ServeMux) HandlePath(method, path string, h HandlerFunc) error {
	s.Handle(method, Pattern{pool: []string{path}}, h)
	return nil
}

func (s *ServeMux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, x := range s.routes[r.Method] {
		x.handler(w, r, nil)
	}
}

type Pattern struct {
	ops  []int
	pool []string
	verb string
}

func NewPattern(version int, ops []int, pool []string, verb string) (Pattern, error) {
	return Pattern{ops, pool, verb}, nil
}

func MustPattern(p Pattern, err error) Pattern {
	if err != nil {
		panic(err)
	}
	return p
}
