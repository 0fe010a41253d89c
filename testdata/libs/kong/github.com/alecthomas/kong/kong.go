// Package kong is a stand-in for tests of alecthomas/kong: real names and
// signatures.
package kong

import "reflect"

type Option interface{ Apply(k *Kong) error }

type Kong struct{ grammar any }

type Context struct{ *Kong }

func New(grammar any, options ...Option) (*Kong, error) { return &Kong{grammar}, nil }

func Must(ast any, options ...Option) *Kong {
	k, _ := New(ast, options...)
	return k
}

func Parse(cli any, options ...Option) *Context { return &Context{Must(cli, options...)} }

func (k *Kong) Parse(args []string) (ctx *Context, err error) { return &Context{k}, nil }

func (k *Kong) FatalIfErrorf(err error, args ...any) {}

// Command is the words that were typed, with placeholders for arguments.
func (c *Context) Command() string { return "" }

type Node struct{ Name string }

// Selected is the command that was typed.
func (c *Context) Selected() *Node { return &Node{} }

func (c *Context) Run(binds ...any) error {
	v := reflect.ValueOf(c.grammar).Elem()
	for i := range v.NumField() {
		if m := v.Field(i).Addr().MethodByName("Run"); m.IsValid() {
			m.Call(nil)
		}
	}
	return nil
}
