// Package fx is a stand-in for tests of uber-go/fx: real names and signatures.
package fx

import (
	"context"
	"reflect"

	"go.uber.org/dig"
)

type (
	In  = dig.In
	Out = dig.Out
)

type Option interface{ apply(*App) }

type Annotation interface{ annotate() }

type Hook struct {
	OnStart func(context.Context) error
	OnStop  func(context.Context) error
}

type Lifecycle interface{ Append(Hook) }

type option struct{ functions []interface{} }

func (o option) apply(a *App) { a.options = append(a.options, o) }

type as struct{ interfaces []interface{} }

func (as) annotate() {}

type App struct{ options []option }

func New(opts ...Option) *App {
	a := &App{}
	for _, o := range opts {
		o.apply(a)
	}
	return a
}

func Provide(constructors ...interface{}) Option { return option{constructors} }
func Invoke(funcs ...interface{}) Option         { return option{funcs} }
func Options(opts ...Option) Option              { return opts[0] }
func Module(name string, opts ...Option) Option  { return opts[0] }

func Annotate(t interface{}, anns ...Annotation) interface{} { return t }
func As(interfaces ...interface{}) Annotation                { return as{interfaces} }

type tags []string

func (tags) annotate() {}

func ParamTags(t ...string) Annotation  { return tags(t) }
func ResultTags(t ...string) Annotation { return tags(t) }

func (app *App) Run() {
	for _, o := range app.options {
		for _, f := range o.functions {
			reflect.ValueOf(f).Call(nil)
		}
	}
}
