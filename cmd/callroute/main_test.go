package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/observe"
	"github.com/callroute/callroute/analyzer/observe/trial"
	"github.com/callroute/callroute/analyzer/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"callroute": main,
		// fakeroute is callroute in front of an analyzer that knows one
		// command, so that a script can test the command line alone.
		"fakeroute": func() { os.Exit(int(start(openFake))) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			// The go command needs a home for its caches, and no network.
			env.Setenv("HOME", filepath.Join(env.WorkDir, ".tmp", "home"))
			env.Setenv("CALLROUTE_CACHE", filepath.Join(env.WorkDir, ".tmp", "commands"))
			env.Setenv("GOPROXY", "off")
			env.Setenv("GOTOOLCHAIN", "local")
			relay, err := filepath.Abs("../../testdata/relay")
			env.Setenv("RELAY", relay)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await,
			"mode":  mode,
		},
	})
}

// await waits until a file exists.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for range 500 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s does not appear", args[0])
}

// mode checks the permissions of a file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s", args[1], got)
	}
}

// fake is an analysis of one program, kiln, with the command fire. The
// environment variable FAKE makes it misbehave.
type fake struct {
	query *analyzer.Query // of the last Trace
}

func openFake(ctx context.Context, s sources, progress func(string)) (analysis, error) {
	progress("loading kiln")
	if len(slices.Compact(slices.Sorted(slices.Values(s.dirs)))) < len(s.dirs) {
		return nil, fmt.Errorf("a folder is there twice: %q", s.dirs)
	}
	switch os.Getenv("FAKE") {
	case "panic":
		panic("the kiln\nexploded")
	case "error":
		return nil, errors.Join(errors.New("kiln.go:1: no such glaze"), errors.New("kiln.go:2: too hot"))
	case "late":
		time.Sleep(600 * time.Millisecond)
	case "slow":
		time.Sleep(350 * time.Millisecond)
		progress("checking kiln\nagain")
	case "wait", "deaf":
		if err := os.WriteFile("ready", nil, 0o666); err != nil {
			return nil, err
		}
		if os.Getenv("FAKE") == "deaf" {
			select {}
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &fake{query: new(analyzer.Query)}, nil
}

func (f *fake) Programs() []string { return []string{"kiln", "kilnd"} }

func (f *fake) Auxiliary() []string { return nil }

func (f *fake) Trace(_ context.Context, q analyzer.Query) (*flow.Flow, error) {
	*f.query = q
	if q.Program != "kiln" {
		return nil, fmt.Errorf("no program %q; near: kiln", q.Program)
	}
	return &flow.Flow{
		Schema:     flow.Schema,
		Program:    q.Program,
		Command:    q.Command,
		Components: []flow.Component{{Name: "kiln", Package: "example.org/kiln", Dir: "."}},
		Nodes:      []flow.Node{{ID: 1, Component: "kiln", Func: "example.org/kiln.main", File: "main.go", Line: 3, EndLine: 5}},
		Root:       1,
		Spine:      []int{1},
	}, nil
}

func (f *fake) Observe(_ context.Context, p trial.Plan) ([]*observe.Run, error) {
	var runs []*observe.Run
	for _, s := range p.Steps {
		if s.Command != nil {
			runs = append(runs, &observe.Run{Schema: observe.Schema, Command: s.Command})
		}
	}
	return runs, nil
}

func (f *fake) Compare(ctx context.Context, q analyzer.Query, run *observe.Run) (*flow.Flow, error) {
	q.Program, q.Command = run.Command[0], run.Command[1:]
	told, err := f.Trace(ctx, q)
	if err != nil {
		return nil, err
	}
	told.Observed = &flow.Observed{Command: run.Command, Steps: flow.Share{All: 1, Are: 1}}
	return told, nil
}

func (f *fake) Value(_ context.Context, q analyzer.ValueQuery) (*flow.Value, error) {
	return &flow.Value{
		Schema: flow.ValueSchema, Program: q.Program, Command: q.Command, Flag: q.Flag,
		Hops: []flow.ValueHop{{After: -1, Component: "kiln", Func: "example.org/kiln.main", Site: flow.Site{File: "main.go", Line: 4}, Kind: flow.Call, Did: "flag.Int"}},
		Ends: []flow.ValueEnd{{Call: "os.WriteFile", What: "heat"}},
	}, nil
}

func (f *fake) Flags(context.Context, string, []string) ([]string, error) {
	return []string{"heat"}, nil
}

func (f *fake) ValueInto(_ context.Context, q analyzer.IntoQuery) (*flow.Value, error) {
	return &flow.Value{Schema: flow.ValueSchema, Program: q.Program, Command: q.Command, Into: q.Target}, nil
}

func (f *fake) Writers(_ context.Context, symbol string) (*flow.Accesses, error) {
	return &flow.Accesses{Schema: flow.AccessesSchema, Query: symbol, Verb: "writes", Targets: []string{symbol}}, nil
}

func (f *fake) Readers(_ context.Context, symbol string) (*flow.Accesses, error) {
	return &flow.Accesses{Schema: flow.AccessesSchema, Query: symbol, Verb: "reads", Targets: []string{symbol}}, nil
}

func (f *fake) Touch(_ context.Context, q analyzer.TouchQuery) (*flow.Touch, error) {
	return &flow.Touch{Schema: flow.TouchSchema, Program: q.Program, Command: q.Command, Like: q.Flag, As: q.As}, nil
}

func (f *fake) Endpoints(context.Context) (*flow.Endpoints, error) {
	e := &flow.Endpoints{
		Departures: []flow.Endpoint{{
			Program: "kiln", Kind: flow.Exec, Key: "burner set", Func: "example.org/kiln.fire",
			Site: flow.Site{File: "main.go", Line: 9}, Rule: "execprogram/1", Peers: []string{"burner example.org/burner.main"},
		}},
	}
	if os.Getenv("FAKE") == "unmatched" {
		e.Departures = append(e.Departures, flow.Endpoint{
			Program: "kiln", Kind: flow.Exec, Key: "<name>", Func: "example.org/kiln.relight",
			Site: flow.Site{File: "main.go", Line: 19}, Rule: "execprogram/1", Reason: "the name is read from configuration",
		})
	}
	return e, nil
}

func (f *fake) Commands(_ context.Context, program string) ([]flow.Command, error) {
	all := []flow.Command{
		{Program: "kiln", Kind: flow.Registration, Words: []string{"fire"}, Func: "example.org/kiln/cli.runFire", Site: flow.Site{File: "fire.go", Line: 8}},
		{Program: "kiln", Kind: flow.Registration, Words: []string{"glaze", "ls"}, Func: "example.org/kiln/cli.runList", Site: flow.Site{File: "glaze.go", Line: 8}},
		{Program: "kiln", Kind: flow.Registration, Words: []string{"secret"}, Func: "example.org/kiln/cli.runSecret", Site: flow.Site{File: "glaze.go", Line: 30}, Hidden: true},
		{Program: "kilnd", Kind: flow.HTTP, Words: []string{"POST", "/kilns/{name}/fire"}, Func: "example.org/kiln/server.postFire", Site: flow.Site{File: "server.go", Line: 8}},
		{Program: "kilnd", Kind: flow.HTTP, Words: []string{"GET", "/ping"}, Func: "example.org/kiln/server.getPing", Site: flow.Site{File: "server.go", Line: 9}},
	}
	var some []flow.Command
	for _, c := range all {
		if program == "" || program == c.Program {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("no program %q", program)
	}
	return some, nil
}

func (f *fake) Callers(_ context.Context, p *narrow.Pattern) (*flow.Callers, error) {
	return nil, fmt.Errorf("no function, request or place matches %q", p)
}

func (f *fake) Path(_ context.Context, from, to *narrow.Pattern) (*flow.Path, error) {
	return nil, fmt.Errorf("no way leads from %q to %q", from, to)
}

func (f *fake) Code(_ context.Context, p *narrow.Pattern) ([]flow.Excerpt, error) {
	return nil, fmt.Errorf("no function, request or place matches %q", p)
}

func (f *fake) Impact(_ context.Context, what string) (*flow.Callers, error) {
	return nil, fmt.Errorf("no function, request or place matches %q", what)
}

func (f *fake) Index(context.Context, []string) ([]store.Entry, error) { return nil, nil }
func (f *fake) Revision() string                                       { return "0123456789ab" }

// call runs one command line against f and returns what it wrote.
func call(t *testing.T, f *fake, args ...string) (code exitCode, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	open := func(context.Context, sources, func(string)) (analysis, error) { return f, nil }
	cache := t.TempDir()
	getenv := func(name string) string {
		if name == "CALLROUTE_CACHE" {
			return cache
		}
		return ""
	}
	a := newApp(&out, &errs, getenv, open)
	code = a.run(t.Context(), args)
	return code, out.String(), errs.String()
}

func TestHelpFitsTerminal(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--help"},
		{"help"},
		{"help", "trace"},
		{"trace", "-h"},
		{"commands", "-h"},
		{"endpoints", "-h"},
		{"version", "-h"},
		{"help", "-h"},
	} {
		code, stdout, stderr := call(t, &fake{}, args...)
		if code != fine || stderr != "" || stdout == "" {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
		for line := range strings.Lines(stdout) {
			if len(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("%q: line is wider than 80 columns: %s", args, line)
			}
		}
	}
}

func TestEveryVerbHasExample(t *testing.T) {
	a := newApp(nil, nil, nil, nil)
	for _, verb := range a.rootCommand().Commands() {
		if verb.Name() != "help" && (verb.Long == "" || !strings.Contains(verb.Example, "callroute "+verb.Name())) {
			t.Errorf("%s: its help has no description or no example", verb.Name())
		}
	}
}

func TestTraceQuestion(t *testing.T) {
	f := &fake{query: new(analyzer.Query)}
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"trace", "kiln", "glaze", "ls"}, []string{"glaze", "ls"}},
		{[]string{"trace", "kiln", "glaze ls"}, []string{"glaze", "ls"}},
		{[]string{"trace", "kiln", "POST /kilns/{name}/fire"}, []string{"POST", "/kilns/{name}/fire"}},
		{[]string{"trace", "kiln", "POST", "/kilns/{name}/fire"}, []string{"POST", "/kilns/{name}/fire"}},
		{[]string{"trace", "kiln", "/heat.v2.Heat/Raise"}, []string{"/heat.v2.Heat/Raise"}},
		{[]string{"trace", "--depth", "2", "kiln", "fire", "--to", "a|b", "-tags", "x", "-focus=c"}, []string{"fire"}},
		{[]string{"trace", "kiln", "--", "-tags"}, []string{"-tags"}},
		{[]string{"trace", "kiln", "fire", "-it", "--rm", "clay", "--to", "a|b"}, []string{"fire", "-it", "--rm", "clay"}},
		{[]string{"trace", "kiln", "fire", "--memory", "5m", "-tags=x", "-focus", "c"}, []string{"fire", "--memory", "5m"}},
		{[]string{"trace", "kiln", "-H", "unix:///x", "fire"}, []string{"-H", "unix:///x", "fire"}},
		{[]string{"trace", "kiln", "fire", "--", "--to", "-f"}, []string{"fire", "--to", "-f"}},
		{[]string{"trace", "kiln"}, nil},
	} {
		code, _, stderr := call(t, f, test.args...)
		if code != fine {
			t.Errorf("%q: exit %d: %s", test.args, code, stderr)
			continue
		}
		if got := strings.Join(f.query.Command, "|"); got != strings.Join(test.want, "|") {
			t.Errorf("%q: command is %q, want %q", test.args, f.query.Command, test.want)
		}
	}
	call(t, f, "trace", "--depth", "2", "kiln", "fire", "--to", "a|b", "-focus=c", "-ignore", "d", "--show=e", "--hide", "f")
	q := f.query
	if q.Depth != 2 || q.To.String() != "a|b" || q.Focus.String() != "c" || q.Ignore.String() != "d" ||
		q.Show.String() != "e" || q.Hide.String() != "f" {
		t.Errorf("flags after the command are lost: %+v", q)
	}
}

func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	var errs bytes.Buffer
	open := func(context.Context, sources, func(string)) (analysis, error) {
		return &fake{query: new(analyzer.Query)}, nil
	}
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	for _, args := range [][]string{{"trace", "kiln", "fire"}, {"commands"}, {"commands", "--json"}, {"endpoints"}, {"version"}} {
		a := newApp(w, &errs, os.Getenv, open)
		if code := a.run(t.Context(), args); code != fine || errs.Len() > 0 {
			t.Errorf("%q: exit %d, stderr %q", args, code, errs.String())
		}
	}
}

func TestProgressWaits(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := &progress{w: &out, width: 10, now: func() time.Time { return now }}
	p.say("loading")
	now = now.Add(quiet - 1)
	p.say("still loading")
	if out.Len() > 0 {
		t.Errorf("wrote %q within %s", out.String(), quiet)
	}
	now = now.Add(1)
	p.say("a long\nlist of packages")
	p.stop()
	p.say("too late")
	if got, want := out.String(), "\r\x1b[Ka long l…\r\x1b[K"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// Where stderr is no terminal, a line tells from time to time that work goes on.
func TestProgressInALog(t *testing.T) {
	lines := make(chan string, 8)
	p := newProgress(writerFunc(func(b []byte) (int, error) {
		lines <- string(b)
		return len(b), nil
	}))
	if p.every > 10*time.Second {
		t.Errorf("a line comes every %s only", p.every)
	}
	p.every = time.Millisecond
	p.say("program 1 of 3: loading\nit")
	if got, want := <-lines, "callroute: program 1 of 3: loading it (0s)\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	p.say("program 2 of 3: loading")
	for got := range lines {
		if got == "callroute: program 2 of 3: loading (0s)\n" {
			break
		}
	}
	p.stop()
	p.stop()
	for len(lines) > 0 {
		<-lines
	}
	time.Sleep(20 * time.Millisecond)
	if len(lines) > 0 {
		t.Errorf("after the end it says %q", <-lines)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
