// Package humago is a stand-in for tests of danielgtaylor/huma/adapters/humago:
// real names and signatures.
package humago

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type Mux interface {
	HandleFunc(string, func(http.ResponseWriter, *http.Request))
	ServeHTTP(http.ResponseWriter, *http.Request)
}

type adapter struct{ Mux }

func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	a.HandleFunc(op.Method+" "+op.Path, func(http.ResponseWriter, *http.Request) { handler(nil) })
}

func New(m Mux, config huma.Config) huma.API { return huma.NewAPI(config, adapter{m}) }
