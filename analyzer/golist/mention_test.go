package golist

import (
	"context"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer/system"
)

const someMentions = `
-- go.mod --
module app

go 1.24
-- cmd/whole/main.go --
package main

import "net/http"

func main() { http.HandleFunc("GET /v1/ship/{id}/moor", nil) }
-- cmd/pieces/main.go --
package main

import (
	"app/api"
	"net/http"
)

func main() { http.Handle("/ship/", http.HandlerFunc(api.Serve)) }
-- api/api.go --
package api

import "net/http"

func Serve(w http.ResponseWriter, r *http.Request) { _ = map[string]bool{"moor": true} }
-- cmd/constant/main.go --
package main

import (
	"app/paths"
	"net/http"
)

func main() { http.HandleFunc(paths.Moor, nil) }
-- paths/paths.go --
package paths

const Moor = "/ship/moor"
-- cmd/client/main.go --
package main

import "net/http"

var h http.Handler

func main() { http.Get("http://port/ship/moor"); http.Post("/ship/moor", "", nil) }
-- cmd/prose/main.go --
package main

import "net/http"

// A "/ship" may "moor".
func main() { http.HandleFunc("/ship", nil); println("moor the ship", "/ship/moor/stern") }
-- cmd/elsewhere/main.go --
package main

import (
	"app/words"
	"net/http"
)

func main() { http.HandleFunc("/ship", nil); words.Say() }
-- words/words.go --
package words

func Say() { println("moor") }
`

// TestMentions checks which programs are taken to serve a path for what they write.
func TestMentions(t *testing.T) {
	dir := writeTree(t, txtar.Parse([]byte(someMentions)))
	l := New("", nil)
	programs, err := l.Mains(context.Background(), &system.Source{Dir: dir})
	if err != nil || len(programs) != 6 {
		t.Fatalf("%d programs, %v", len(programs), err)
	}
	for _, p := range programs {
		want := map[string]bool{"whole": true, "pieces": true, "constant": true}[p.Name]
		if got := l.Mentions(context.Background(), p, "/v1/ship/*/moor"); got != want {
			t.Errorf("%s mentions the path: %t, want %t", p.Name, got, want)
		}
		if !l.Mentions(context.Background(), p, "/v1/*") {
			t.Errorf("%s does not mention a path without words", p.Name)
		}
	}
}
