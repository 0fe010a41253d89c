package golist

import (
	"context"
	"regexp"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

const someServers = `
-- go.mod --
module app

go 1.24

require (
	example.com/web v1.0.0
	google.golang.org/grpc v1.0.0
)

replace (
	example.com/web => ./web
	google.golang.org/grpc => ./grpc
)
-- cmd/asks/main.go --
package main

import (
	"net/http"

	"google.golang.org/grpc"
)

func main() { http.Get("http://localhost/x"); grpc.Dial() }
-- cmd/serves/main.go --
package main

import "net/http"

func main() { (&http.Server{}).ListenAndServe() }
-- cmd/within/main.go --
package main

import "app/inner"

func main() { inner.Run() }
-- inner/inner.go --
package inner

import web "net/http"

func Run() { web.ListenAndServe(":1", nil) }
-- cmd/library/main.go --
package main

import "example.com/web"

func main() { web.Run() }
-- web/go.mod --
module example.com/web

go 1.24
-- web/web.go --
package web

import (
	. "net/http"
)

func Run() { Serve(nil, nil) }
-- cmd/calls/main.go --
package main

import "google.golang.org/grpc"

func main() { grpc.NewServer() }
-- grpc/go.mod --
module google.golang.org/grpc

go 1.24
-- grpc/grpc.go --
package grpc

import "net/http"

func NewServer() { (&http.Server{}).Serve(nil) }

func Dial() {}
`

// TestMayServe checks that a program which can serve is never said not to, and
// that one which only asks is.
func TestMayServe(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(someServers)))
	l := New("", map[flow.Kind]Server{
		flow.HTTP:  {Libraries: []string{"net/http"}, Names: regexp.MustCompile(`\b(Serve|ListenAndServe|Server)\b`)},
		flow.GRPC:  {Libraries: []string{"google.golang.org/grpc"}, Names: regexp.MustCompile(`\bNewServer\b`)},
		flow.TTRPC: {Libraries: []string{"github.com/containerd/ttrpc"}, Names: regexp.MustCompile(`\bNewServer\b`)},
	})
	programs, err := l.Mains(context.Background(), &system.Source{Dir: dir})
	if err != nil || len(programs) != 5 {
		t.Fatalf("%d programs, %v", len(programs), err)
	}
	for _, p := range programs {
		want := map[string][3]bool{ // HTTP, gRPC, ttrpc
			"asks": {}, "serves": {true, false, false}, "within": {true, false, false},
			"library": {true, false, false}, "calls": {false, true, false},
		}[p.Name]
		for i, kind := range []flow.Kind{flow.HTTP, flow.GRPC, flow.TTRPC} {
			if got := l.MayServe(context.Background(), p, kind); got != want[i] {
				t.Errorf("%s may serve %s: %t, want %t", p.Name, kind, got, want[i])
			}
		}
		if !l.MayServe(context.Background(), p, "something else") {
			t.Errorf("%s surely does not serve a protocol that is not known", p.Name)
		}
	}
}
