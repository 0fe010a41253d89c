// Package runtime is a stand-in for tests of go-openapi/runtime: real names and
// signatures.
package runtime

import "context"

type ClientOperation struct {
	ID                 string
	Method             string
	PathPattern        string
	ProducesMediaTypes []string
	ConsumesMediaTypes []string
	Schemes            []string
	Context            context.Context
}

type ClientTransport interface {
	Submit(*ClientOperation) (interface{}, error)
}
