package webui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Values answers questions about values. A server has pages for them where its Source
// does.
type Values interface {
	// Flags lists the flags that a command is seen to have.
	Flags(ctx context.Context, program string, command []string, progress func(string)) ([]string, error)
	// Value follows a flag or an argument, or asks what can end somewhere.
	Value(ctx context.Context, q ValueQuestion, progress func(string)) (*flow.Value, error)
	// Accesses is who writes or reads a field: verb is "writers" or "readers".
	Accesses(ctx context.Context, verb, symbol string, progress func(string)) (*flow.Accesses, error)
}

// ValueQuestion asks for one of Flag, Arg and Into.
type ValueQuestion struct {
	Program string
	Command []string
	Flag    string
	Arg     int
	Into    string
}

// flagList is what the template flags.html shows.
type flagList struct {
	labels
	question
	Assets, Title string
	Flags         []flagLink
}

type flagLink struct{ Name, Link string }

// flags shows the flags of a command.
func (v *server) flags(w http.ResponseWriter, r *http.Request) {
	q, ok := asked(r)
	if !ok {
		http.Error(w, "the flags of what? /flags?program=P&command=C", http.StatusBadRequest)
		return
	}
	j := v.jobs.start("flags "+q.title(), func(ctx context.Context, progress func(string)) (any, error) {
		return v.values.Flags(ctx, q.program, strings.Fields(q.command), progress)
	})
	if !v.waited(w, r, j, q.title()) {
		return
	}
	page := flagList{labels: labels{v.options.Lang}, question: q, Assets: "/assets", Title: q.title()}
	for _, name := range j.answer.([]string) {
		page.Flags = append(page.Flags, flagLink{name, "/value?" + url.Values{"program": {q.program}, "command": {q.command}, "flag": {name}}.Encode()})
	}
	v.show(w, "flags.html", page)
}

// Program and Command are what forms of the page send again.
func (q question) Program() string { return q.program }

// Command is told with Program.
func (q question) Command() string { return q.command }

// value shows where a value goes, or what can end somewhere.
func (v *server) value(w http.ResponseWriter, r *http.Request) {
	form := r.URL.Query()
	q := ValueQuestion{Program: form.Get("program"), Command: strings.Fields(form.Get("command")), Flag: strings.TrimLeft(form.Get("flag"), "-"), Into: form.Get("target")}
	if text := form.Get("arg"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			http.Error(w, "arguments count from 1", http.StatusBadRequest)
			return
		}
		q.Arg = n
	}
	if q.Into == "" && (q.Program == "" || (q.Flag == "") == (q.Arg == 0)) || len(r.URL.RawQuery) > 4000 {
		http.Error(w, "which value? /value?program=P&command=C&flag=F or &arg=N, or /into?target=FIELD", http.StatusBadRequest)
		return
	}
	title := strings.TrimSpace(fmt.Sprintf("%s %s %s", q.Program, strings.Join(q.Command, " "), q.Flag+q.Into))
	j := v.jobs.start("value "+r.URL.Path+" "+form.Encode(), func(ctx context.Context, progress func(string)) (any, error) {
		return v.values.Value(ctx, q, progress)
	})
	if !v.waited(w, r, j, title) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := writeValue(w, valueView{Value: j.answer.(*flow.Value), Served: true}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// accessList is what the template accesses.html shows.
type accessList struct {
	labels
	*flow.Accesses
	Assets, Title string
}

// Route is the page of a caller's route.
func (accessList) Route(c flow.Caller) string {
	return "/trace" + question{c.Program, strings.Join(c.Words, " ")}.query()
}

// Name is a caller as a person types it.
func (accessList) Name(c flow.Caller) string {
	return strings.TrimSpace(c.Program + " " + strings.Join(c.Words, " "))
}

// Short is the name of a function for people.
func (accessList) Short(fn string) string { return flow.Short(fn) }

// accesses shows who writes or reads a field.
func (v *server) accesses(w http.ResponseWriter, r *http.Request) {
	verb, symbol := r.URL.Query().Get("verb"), r.URL.Query().Get("symbol")
	if verb != "writers" && verb != "readers" || symbol == "" || len(symbol) > 1000 {
		http.Error(w, "who does what? /accesses?verb=writers&symbol=pkg.Type.Field", http.StatusBadRequest)
		return
	}
	j := v.jobs.start(verb+" "+symbol, func(ctx context.Context, progress func(string)) (any, error) {
		return v.values.Accesses(ctx, verb, symbol, progress)
	})
	if !v.waited(w, r, j, verb+" "+symbol) {
		return
	}
	v.show(w, "accesses.html", accessList{labels{v.options.Lang}, j.answer.(*flow.Accesses), "/assets", verb + " of " + symbol})
}
