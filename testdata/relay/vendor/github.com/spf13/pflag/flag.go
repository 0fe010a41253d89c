// Package pflag is a stand-in for tests: real names and signatures over package
// flag. Flags have to stand before the other arguments, and shorthands are lost.
package pflag

import (
	"flag"
	"io"
	"os"
	"time"
)

type Value interface {
	String() string
	Set(string) error
	Type() string
}

type Flag struct {
	Name    string
	Value   Value
	Changed bool
}

type ErrorHandling int

const (
	ContinueOnError ErrorHandling = iota
	ExitOnError
	PanicOnError
)

var CommandLine = NewFlagSet("", ExitOnError)

func Bool(name string, value bool, usage string) *bool {
	return CommandLine.std.Bool(name, value, usage)
}

func Parse() { _ = CommandLine.Parse(os.Args[1:]) }

func Arg(i int) string { return CommandLine.std.Arg(i) }

type FlagSet struct {
	std *flag.FlagSet
}

func NewFlagSet(name string, errorHandling ErrorHandling) *FlagSet {
	std := flag.NewFlagSet(name, flag.ContinueOnError)
	std.SetOutput(io.Discard)
	return &FlagSet{std}
}

func (f *FlagSet) Parse(arguments []string) error    { return f.std.Parse(arguments) }
func (f *FlagSet) Args() []string                    { return f.std.Args() }
func (f *FlagSet) AddFlagSet(newSet *FlagSet)        {}
func (f *FlagSet) SetInterspersed(interspersed bool) {}

func (f *FlagSet) Changed(name string) (found bool) {
	f.std.Visit(func(x *flag.Flag) { found = found || x.Name == name })
	return found
}

func (f *FlagSet) Var(value Value, name string, usage string)      { f.std.Var(value, name, usage) }
func (f *FlagSet) VarP(value Value, name, shorthand, usage string) { f.std.Var(value, name, usage) }

func (f *FlagSet) StringVar(p *string, name string, value string, usage string) {
	f.std.StringVar(p, name, value, usage)
}

func (f *FlagSet) StringVarP(p *string, name, shorthand string, value string, usage string) {
	f.std.StringVar(p, name, value, usage)
}

func (f *FlagSet) String(name string, value string, usage string) *string {
	return f.std.String(name, value, usage)
}

func (f *FlagSet) BoolVar(p *bool, name string, value bool, usage string) {
	f.std.BoolVar(p, name, value, usage)
}

func (f *FlagSet) BoolVarP(p *bool, name, shorthand string, value bool, usage string) {
	f.std.BoolVar(p, name, value, usage)
}

func (f *FlagSet) Bool(name string, value bool, usage string) *bool {
	return f.std.Bool(name, value, usage)
}

func (f *FlagSet) IntVar(p *int, name string, value int, usage string) {
	f.std.IntVar(p, name, value, usage)
}

func (f *FlagSet) IntVarP(p *int, name, shorthand string, value int, usage string) {
	f.std.IntVar(p, name, value, usage)
}

func (f *FlagSet) Int64Var(p *int64, name string, value int64, usage string) {
	f.std.Int64Var(p, name, value, usage)
}

func (f *FlagSet) DurationVar(p *time.Duration, name string, value time.Duration, usage string) {
	f.std.DurationVar(p, name, value, usage)
}

func (f *FlagSet) GetString(name string) (string, error) {
	if x := f.std.Lookup(name); x != nil {
		return x.Value.String(), nil
	}
	return "", flag.ErrHelp
}

func (f *FlagSet) GetBool(name string) (bool, error) {
	s, err := f.GetString(name)
	return s == "true", err
}
