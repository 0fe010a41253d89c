// Package dig is a stand-in for tests of uber-go/dig: real names and signatures.
package dig

import "reflect"

type In struct{ _ int }

type Out struct{ _ int }

type (
	ProvideOption interface{ provide() }
	InvokeOption  interface{ invoke() }
)

type Container struct{ constructors []reflect.Value }

func New() *Container { return &Container{} }

func (c *Container) Provide(constructor interface{}, opts ...ProvideOption) error {
	c.constructors = append(c.constructors, reflect.ValueOf(constructor))
	return nil
}

func (c *Container) Invoke(function interface{}, opts ...InvokeOption) error {
	reflect.ValueOf(function).Call(nil)
	return nil
}
