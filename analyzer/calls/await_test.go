package calls_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/internal/unit"
)

const goroutines = `
-- go.mod --
module example.com/goroutines

go 1.26
-- main.go --
package main

import "sync"

func work(string) error { return nil }

func waits() error {
	done := make(chan error, 1)
	go func() { done <- work("") }()
	return <-done
}

func returns() chan error {
	done := make(chan error, 1)
	go func() { done <- work("") }()
	return done
}

func handsOn(names []string) chan error {
	all, each := make(chan error), map[string]chan error{}
	for _, n := range names {
		each[n] = make(chan error, 1)
	}
	go func() {
		for _, n := range names {
			all <- <-each[n]
		}
	}()
	go func() {
		for _, n := range names {
			go func() { each[n] <- work(n) }()
		}
	}()
	return all
}

func groups(names []string) {
	var g sync.WaitGroup
	for range names {
		g.Go(func() {})
	}
	g.Wait()
}

func leaves(stop chan bool) {
	go func() {
		for range stop {
		}
	}()
	stop <- true
}

type server struct{ g sync.WaitGroup }

func (s *server) keeps() { s.g.Go(func() {}) }

func (s *server) close() { s.g.Wait() }

func forgets() { go work("") }

func main() {
	_ = waits()
	returns()
	handsOn(nil)
	groups(nil)
	leaves(nil)
	forgets()
	(&server{}).keeps()
	(&server{}).close()
}
`

// TestAwaited asks for which goroutines somebody waits.
func TestAwaited(t *testing.T) {
	u := unit.Load(t, goroutines, "goroutines")
	var got []string
	for _, f := range u.Program.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				c, ok := instr.(ssa.CallInstruction)
				if !ok || f.Pkg != u.Program.Main {
					continue
				}
				callee := c.Common().StaticCallee()
				if _, starts := c.(*ssa.Go); !starts && (callee == nil || callee.Name() != "Go") {
					continue
				}
				if calls.Awaited(c) {
					got = append(got, f.Name())
				}
			}
		}
	}
	slices.Sort(got)
	if text, want := strings.Join(got, " "), "groups handsOn handsOn handsOn$2 returns waits"; text != want {
		t.Errorf("awaited in %s, want %s", text, want)
	}
}
