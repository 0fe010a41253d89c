// Package client is a stand-in for tests of go-openapi/runtime/client: real names
// and signatures.
package client

import (
	"net/http"

	"github.com/go-openapi/runtime"
)

type Runtime struct {
	Host, BasePath string

	schemes []string
}

func New(host, basePath string, schemes []string) *Runtime { return &Runtime{host, basePath, schemes} }

func (r *Runtime) Submit(operation *runtime.ClientOperation) (interface{}, error) {
	req, err := http.NewRequest(operation.Method, r.BasePath+operation.PathPattern, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}
