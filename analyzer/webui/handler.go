package webui

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/article"
	"github.com/callroute/callroute/analyzer/flow"
)

// Source answers the questions of a server's readers. It is asked one question
// at a time.
type Source interface {
	// Programs lists all programs, without reading much.
	Programs() []string
	// Auxiliary lists those of them that are looked at only when they are asked
	// for: tests, examples, tools.
	Auxiliary() []string
	// Commands lists what can be traced in one program.
	Commands(ctx context.Context, program string, progress func(string)) ([]flow.Command, error)
	// Endpoints is where programs meet.
	Endpoints(ctx context.Context, progress func(string)) (*flow.Endpoints, error)
	// Trace follows one command, with code.
	Trace(ctx context.Context, program string, command []string, progress func(string)) (*flow.Flow, error)
}

// ServeOptions says what a server shows, and to whom.
type ServeOptions struct {
	Lang article.Lang
	// Roots has the folder of each source tree by the name that components
	// have for it. Files are read from nowhere else.
	Roots map[string]string
	// Remote answers requests to any address of this machine; without it only
	// those to a loopback address.
	Remote bool
	// Host is a further name under which the server may be asked.
	Host string
	// Editor is how places in the source are opened unless the reader says
	// otherwise: vscode, goland, zed, or an address with {path} and {line}.
	Editor string
}

// quick is how long a request waits for an answer before it shows a page that
// waits.
const quick = 250 * time.Millisecond

// server is the handler of `callroute serve`. The addresses:
//
//	/                            the map, all programs, their commands as far as they are known
//	/survey                      how far that is
//	/trace?program=P&command=C   the page of a command; ?line= is both together
//	/data?program=P&command=C    its data, for a comparison
//	/commands                    the commands that are known, for a comparison
//	/flags?program=P&command=C   its flags, each with the page of its value
//	/value?program=P&command=C&flag=F, or arg=N
//	/into?target=T               what can end in a field or file; of one command with program and command
//	/accesses?verb=V&symbol=S    who writes or reads a field
//	/source?program=P&file=F     a source file that a trace names
//	/job?id=J, POST /cancel?id=J what a page that waits asks
//	/assets/F                    scripts and styles
type server struct {
	source  Source
	values  Values // nil where the source is none
	options ServeOptions
	jobs    *jobs
	page    *template.Template
	survey  *survey
}

// Handler serves the explorer until ctx ends. It begins at once to look at all
// programs; who asks for a route meanwhile waits for no more than one of them.
func Handler(ctx context.Context, s Source, o ServeOptions) http.Handler {
	o.Lang = cmp.Or(o.Lang, article.English)
	v := &server{source: s, options: o, jobs: newJobs(ctx), survey: &survey{failed: map[string]string{}}}
	v.page = template.Must(template.ParseFS(assets, "assets/index.html", "assets/waiting.html", "assets/icon.html", "assets/flags.html", "assets/accesses.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", v.index)
	mux.HandleFunc("GET /trace", v.trace)
	mux.HandleFunc("GET /data", v.data)
	mux.HandleFunc("GET /commands", v.commands)
	mux.HandleFunc("GET /source", v.file)
	if values, ok := s.(Values); ok {
		v.values = values
		mux.HandleFunc("GET /flags", v.flags)
		mux.HandleFunc("GET /value", v.value)
		mux.HandleFunc("GET /into", v.value)
		mux.HandleFunc("GET /accesses", v.accesses)
	}
	mux.HandleFunc("GET /survey", v.surveyed)
	mux.HandleFunc("GET /job", v.job)
	mux.HandleFunc("POST /cancel", v.cancel)
	mux.HandleFunc("GET /assets/{name}", v.asset)
	go v.lookAtAll(ctx)
	return v.guarded(mux)
}

// guarded refuses what comes from other sites: a request under a name that is
// not ours (DNS rebinding), and one that another page sent.
func (v *server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !v.ours(r.Host) {
			http.Error(w, "this server does not answer for that host name", http.StatusForbidden)
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			http.Error(w, "not for other sites", http.StatusForbidden)
			return
		}
		if origin := r.Header.Get("Origin"); r.Method == http.MethodPost && origin != "" && origin != "http://"+r.Host {
			http.Error(w, "not for other sites", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ours reports whether a Host header names this server. Rebinding needs a name,
// so an address is as good as its kind.
func (v *server) ours(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "localhost" || v.options.Host != "" && name == strings.ToLower(v.options.Host) {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && (addr.Unmap().IsLoopback() || v.options.Remote)
}

func (v *server) asset(w http.ResponseWriter, r *http.Request) {
	text, kind, err := assetFile(r.PathValue("name"), v.options.Lang)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write([]byte(text))
}

// Types of the files that pages refer to.
const (
	scriptType  = "text/javascript; charset=utf-8"
	styleType   = "text/css; charset=utf-8"
	pictureType = "image/svg+xml"
)

// assetFile is a file that pages of a language refer to.
func assetFile(name string, lang article.Lang) (text, kind string, err error) {
	switch path.Ext(name) {
	case ".js":
		kind = scriptType
	case ".css":
		kind = styleType
	case ".svg":
		kind = pictureType
	default:
		return "", "", fmt.Errorf("no asset %q", name)
	}
	switch name {
	case "explorer.js":
		text, err = explorerScript(lang)
		return text, kind, err
	case "explorer.css":
		text, err = explorerStyle()
		return text, kind, err
	}
	if kind != scriptType {
		data, err := assets.ReadFile("assets/" + name)
		return string(data), kind, err
	}
	words, err := wordsScript(lang)
	if err != nil {
		return "", "", err
	}
	text, err = joinScripts("'use strict';\n"+words, "page.js", name)
	return text, kind, err
}

// question is a command that a request asks for.
type question struct {
	program string
	command string
}

func asked(r *http.Request) (question, bool) {
	if program, command, _ := strings.Cut(strings.Join(strings.Fields(r.URL.Query().Get("line")), " "), " "); program != "" {
		return question{program, command}, len(program)+len(command) < 2000
	}
	q := question{r.URL.Query().Get("program"), strings.Join(strings.Fields(r.URL.Query().Get("command")), " ")}
	return q, q.program != "" && len(q.program)+len(q.command) < 2000
}

func (q question) title() string { return strings.TrimSpace(q.program + " " + q.command) }

func (q question) query() string {
	return "?" + url.Values{"program": {q.program}, "command": {q.command}}.Encode()
}

func (v *server) tracing(q question) *job {
	return v.jobs.start("trace "+q.title(), func(ctx context.Context, progress func(string)) (any, error) {
		f, err := v.source.Trace(ctx, q.program, strings.Fields(q.command), progress)
		if err == nil && len(f.Spine) == 0 {
			err = fmt.Errorf("%s cannot be followed: the function it starts with is missing or does not type-check", q.title())
		}
		return f, err
	})
}

// listed is the commands of one program.
type listed struct {
	program  string
	commands []flow.Command
}

func (v *server) listing(program string) *job {
	return v.jobs.start("commands "+program, func(ctx context.Context, progress func(string)) (any, error) {
		commands, err := v.source.Commands(ctx, program, progress)
		v.survey.add(program, commands, err)
		return listed{program, commands}, err
	})
}

// waited reports whether j has an answer; if not it has written the page that
// waits, or the error.
func (v *server) waited(w http.ResponseWriter, r *http.Request, j *job, title string) bool {
	select {
	case <-j.done:
	case <-r.Context().Done():
		return false
	case <-time.After(quick):
		w.WriteHeader(http.StatusAccepted)
		v.show(w, "waiting.html", waiting{labels: labels{v.options.Lang}, Assets: "/assets", Title: title, Job: j.id, Says: j.saying(), Again: r.URL.RequestURI()})
		return false
	}
	if j.err != nil {
		v.jobs.forget(j)
		w.WriteHeader(http.StatusUnprocessableEntity)
		v.show(w, "waiting.html", waiting{labels: labels{v.options.Lang}, Assets: "/assets", Title: title, Failed: j.err.Error(), Again: r.URL.RequestURI()})
		return false
	}
	return true
}

// waiting is what the template waiting.html shows.
type waiting struct {
	labels
	Assets                          string
	Title, Job, Says, Failed, Again string
}

func (v *server) show(w http.ResponseWriter, name string, what any) {
	var out bytes.Buffer
	if err := v.page.ExecuteTemplate(&out, name, what); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes())
}

func (v *server) trace(w http.ResponseWriter, r *http.Request) {
	q, ok := asked(r)
	if !ok {
		http.Error(w, "trace what? /trace?program=P&command=C", http.StatusBadRequest)
		return
	}
	j := v.tracing(q)
	if !v.waited(w, r, j, q.title()) {
		return
	}
	p, err := newPage(j.answer.(*flow.Flow), Options{Lang: v.options.Lang})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.Assets, p.Home = "/assets", "/"
	if v.values != nil {
		p.Values = "/flags" + q.query()
	}
	if p.Data, err = jsonScript(p.data); err == nil {
		p.Config, err = jsonScript(config{Place: "serve", Base: "/", Roots: v.options.Roots, Editor: v.options.Editor, Self: "data" + q.query(), OthersAt: "commands?program=" + url.QueryEscape(q.program)})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = p.write(w)
}

func (v *server) data(w http.ResponseWriter, r *http.Request) {
	q, ok := asked(r)
	if !ok {
		http.Error(w, "no command", http.StatusBadRequest)
		return
	}
	j := v.tracing(q)
	select {
	case <-j.done:
	case <-r.Context().Done():
		return
	}
	if j.err != nil {
		v.jobs.forget(j)
		http.Error(w, j.err.Error(), http.StatusUnprocessableEntity)
		return
	}
	route, err := flow.NewRoute(j.answer.(*flow.Flow))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, collect(route, flow.Component.Link, MostNodes))
}

// commands lists what is known, and the commands of the program that asks.
func (v *server) commands(w http.ResponseWriter, r *http.Request) {
	if program := r.URL.Query().Get("program"); slices.Contains(v.source.Programs(), program) {
		if _, known := v.survey.of(program); !known {
			select {
			case <-v.listing(program).done:
			case <-r.Context().Done():
				return
			}
		}
	}
	titles := map[string]otherCommand{}
	add := func(program string, words []string) {
		q := question{program, strings.Join(words, " ")}
		titles[q.title()] = otherCommand{q.title(), "data" + q.query()}
	}
	for _, program := range v.source.Programs() {
		commands, _ := v.survey.of(program)
		for _, c := range commands {
			add(c.Program, c.Words)
		}
	}
	for _, answer := range v.jobs.answers() {
		if f, ok := answer.(*flow.Flow); ok {
			add(f.Program, f.Command)
		}
	}
	all := []otherCommand{}
	for _, o := range titles {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b otherCommand) int { return cmp.Compare(a.Title, b.Title) })
	writeJSON(w, all)
}

func (v *server) job(w http.ResponseWriter, r *http.Request) {
	j := v.jobs.find(r.URL.Query().Get("id"))
	state := struct {
		Done bool   `json:"done"`
		Says string `json:"says"`
	}{Done: true}
	if j != nil {
		state.Done, state.Says = j.finished(), j.saying()
	}
	writeJSON(w, state)
}

func (v *server) cancel(w http.ResponseWriter, r *http.Request) {
	if j := v.jobs.find(r.URL.Query().Get("id")); j != nil {
		j.cancel()
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, what any) {
	text, err := json.Marshal(what)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}
