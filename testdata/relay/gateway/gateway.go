// Package gateway is the HTTP API.
package gateway

import (
	"context"
	"encoding/json"
	"net/http"

	"example.com/relay/api/letters"
)

// Sorter is what the gateway needs behind it.
type Sorter interface {
	Accept(ctx context.Context, to, text string, urgent bool) (id string, err error)
	Recall(ctx context.Context, to string) error
	Show(ctx context.Context, to string) (text string, err error)
}

// Gateway answers HTTP requests with the help of a sorter.
type Gateway struct {
	sorter Sorter
	routes []route
}

type route struct {
	method, path string
	handler      handler
}

type handler func(w http.ResponseWriter, r *http.Request) error

// New returns a gateway in front of a sorter.
func New(sorter Sorter) *Gateway {
	g := &Gateway{sorter: sorter}
	g.routes = []route{
		{http.MethodPost, "/letters/{name}", g.postLetter},
		{http.MethodPost, "/letters/{name}/recall", g.postRecall},
		{http.MethodGet, "/letters/{name}", g.getLetter},
	}
	return g
}

// Handler serves every route with and without the version's prefix.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range g.routes {
		mux.HandleFunc(r.method+" "+r.path, answer(r.handler))
		mux.HandleFunc(r.method+" /v1"+r.path, answer(r.handler))
	}
	return mux
}

func answer(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func (g *Gateway) postLetter(w http.ResponseWriter, r *http.Request) error {
	var letter letters.Letter
	if err := json.NewDecoder(r.Body).Decode(&letter); err != nil {
		return err
	}
	id, err := g.sorter.Accept(r.Context(), r.PathValue("name"), letter.Text, letter.Urgent)
	if err != nil {
		return err
	}
	letter.ID = id
	return json.NewEncoder(w).Encode(letter)
}

func (g *Gateway) postRecall(w http.ResponseWriter, r *http.Request) error {
	return g.sorter.Recall(r.Context(), r.PathValue("name"))
}

func (g *Gateway) getLetter(w http.ResponseWriter, r *http.Request) error {
	text, err := g.sorter.Show(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	_, err = w.Write([]byte(text))
	return err
}
