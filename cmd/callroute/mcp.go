package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/narrow"
	"github.com/callroute/callroute/analyzer/report"
)

func (a *app) mcpCommand() *cobra.Command {
	s := sources{libraries: true}
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Answer an assistant's questions, by the Model Context Protocol",
		Long: `Serve the Model Context Protocol on standard input and output, for assistants and
editors. Its tools are commands, trace, value, callers, path, impact, endpoints and
code; each takes max_tokens, and what an answer leaves out for its sake it says. Every step
has its file and line, and gaps are told. Programs are analyzed when a question needs
them, and again when their files change. It reads the sources, and writes nothing.`,
		Example: `  callroute mcp --src moby --src containerd
  claude mcp add callroute -- callroute mcp -f callroute.yaml`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("mcp takes no arguments, not %q", args[0])
			}
			return a.mcp(cmd.Context(), &session{app: a, sources: s}, &mcp.StdioTransport{})
		},
	}
	cmd.Flags().SortFlags = false
	s.register(cmd)
	return cmd
}

// mcp answers questions that come over a transport until it is closed.
func (a *app) mcp(ctx context.Context, s *session, over mcp.Transport) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "callroute", Title: "callroute", Version: release()}, &mcp.ServerOptions{Instructions: mcpInstructions})
	t := tools{s}
	addTool(server, "commands", "List what can be traced: command lines, HTTP routes, RPC methods and tasks of one program or of all, each with the function that runs and its file:line.", t.commands)
	addTool(server, "trace", "Follow one command, HTTP route or RPC method from the first function to the last effect, through every process it reaches. Each step has file:line; gaps are listed.", t.trace)
	addTool(server, "callers", "List every command, request, RPC method, task and program start that leads to a function, across processes, with a shortest way each.", t.callers)
	addTool(server, "path", "Show the shortest way from one function, or from a command with its program in front, to another function, across processes.", t.path)
	addTool(server, "impact", "List what a change touches: the callers of a function, of a file.go:LINE, or of what differs in a range of git revisions (main..), and the other sides of its requests.", t.impact)
	addTool(server, "endpoints", "List where programs meet: what each sends, starts and serves, with its partner in another program or why it has none.", t.endpoints)
	addTool(server, "value", "Follow the value of a command's flag through fields, calls and what it crosses processes in, to the last write. Each line that passes it on has file:line.", t.value)
	addTool(server, "code", "Show the source of the functions that a name or a file.go:LINE means, with line numbers.", t.code)
	err := server.Run(ctx, over)
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return nil // to be left is how it ends
	}
	return err
}

const mcpInstructions = `callroute analyzes Go source; it runs nothing. It follows commands through processes: HTTP, gRPC, ttrpc, started programs, queues. ` +
	`Names of functions may be given as they are shown, in part, as a regular expression, or as file.go:LINE. ` +
	`An answer says what it left out and where the source does not tell how a route goes on (a gap); the first question analyzes and takes longer.`

// Budgets of answers, in tokens.
const (
	defaultTokens = 2000
	leastTokens   = 100
	mostTokens    = 100_000
	runesPerToken = 3 // of code and paths; fewer than any tokenizer needs
)

// budget is part of every question.
type budget struct {
	MaxTokens int `json:"max_tokens,omitempty" jsonschema:"the answer has at most so many tokens, 100 to 100000; 2000 if it is left out"`
}

func (b budget) runes() (int, error) {
	n := cmp.Or(b.MaxTokens, defaultTokens)
	if n < leastTokens || n > mostTokens {
		return 0, fmt.Errorf("max_tokens is %d; it is from %d to %d", n, leastTokens, mostTokens)
	}
	return n * runesPerToken, nil
}

// question is what a tool is asked: its budget, in runes.
type question interface{ runes() (int, error) }

// addTool adds a tool that answers in text. An answer has several forms, the fullest
// first: the first that fits is given, else the last is cut.
func addTool[Q question](server *mcp.Server, name, what string, answer func(context.Context, Q) ([]form, error)) {
	tool := &mcp.Tool{Name: name, Description: what, Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true}}
	mcp.AddTool(server, tool, func(ctx context.Context, _ *mcp.CallToolRequest, q Q) (*mcp.CallToolResult, any, error) {
		most, err := q.runes()
		if err != nil {
			return nil, nil, err
		}
		forms, err := answer(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		text, err := fitting(most, forms)
		if err != nil {
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
	})
}

// form writes an answer at one length.
type form func(io.Writer) error

// fitting is the first form that has at most so many runes, else what fits of the
// last: its beginning, and its end, where gaps and numbers stand.
func fitting(most int, forms []form) (string, error) {
	var out bytes.Buffer
	for _, f := range forms {
		out.Reset()
		if err := f(&out); err != nil {
			return "", err
		}
		if len([]rune(out.String())) <= most {
			return out.String(), nil
		}
	}
	return cut(out.String(), most), nil
}

// cut takes lines out of the middle of a text.
func cut(text string, most int) string {
	lines := strings.SplitAfter(strings.TrimRight(text, "\n")+"\n", "\n")
	lines = lines[:len(lines)-1]
	length := func(s string) int { return len([]rune(s)) }
	note := func(n int) string {
		return fmt.Sprintf("… %d lines are left out here: ask for more max_tokens, or for less\n", n)
	}
	left := most - length(note(len(lines)))
	end := len(lines)
	for used := 0; end > 0 && used+length(lines[end-1]) <= left/4; end-- {
		used += length(lines[end-1])
		left -= length(lines[end-1])
	}
	begin := 0
	for ; begin < end && length(lines[begin]) <= left; begin++ {
		left -= length(lines[begin])
	}
	return strings.Join(lines[:begin], "") + note(end-begin) + strings.Join(lines[end:], "")
}

// tools answers the questions of a client.
type tools struct{ *session }

// ask waits for the turn of a question, over the files as they are now.
func ask[T any](ctx context.Context, t tools, question func(analysis) (T, error)) (T, error) {
	defer t.asking(func(string) {})()
	if err := t.renew(ctx); err != nil {
		var none T
		return none, err
	}
	return question(t.an)
}

type commandsQuestion struct {
	budget
	Program string `json:"program,omitempty" jsonschema:"only of this program, named by the folder of its main package"`
	Like    string `json:"like,omitempty" jsonschema:"only what has this text in its words or in the name of its function"`
}

func (t tools) commands(ctx context.Context, q commandsQuestion) ([]form, error) {
	all, err := ask(ctx, t, func(an analysis) ([]flow.Command, error) { return an.Commands(ctx, q.Program) })
	if err != nil {
		return nil, err
	}
	some := slices.DeleteFunc(slices.Clone(all), func(c flow.Command) bool {
		return !strings.Contains(strings.ToLower(strings.Join(c.Words, " ")+" "+c.Func), strings.ToLower(q.Like))
	})
	if len(some) == 0 {
		return nil, fmt.Errorf("none of %d commands has %q; ask without like", len(all), q.Like)
	}
	return []form{func(w io.Writer) error { return report.Commands(w, some, report.TextOptions{}) }}, nil
}

type traceQuestion struct {
	budget
	Program string `json:"program" jsonschema:"the program, named by the folder of its main package"`
	Command string `json:"command,omitempty" jsonschema:"what is typed behind it, or a route (POST /x) or an RPC method (/pkg.Service/Method) that it serves; empty: from main on"`
	To      string `json:"to,omitempty" jsonschema:"end the route at the first function that this names"`
	Tree    bool   `json:"tree,omitempty" jsonschema:"with every branch, not only the route"`
}

func (t tools) trace(ctx context.Context, q traceQuestion) ([]form, error) {
	query := analyzer.Query{Program: q.Program, Command: strings.Fields(q.Command)}
	if q.To != "" {
		to, err := functionNamed(q.To)
		if err != nil {
			return nil, err
		}
		query.To = to
	}
	f, err := ask(ctx, t, func(an analysis) (*flow.Flow, error) { return an.Trace(ctx, query) })
	if err != nil {
		return nil, err
	}
	forms := []form{
		func(w io.Writer) error { return report.Text(w, f, report.TextOptions{}) },
		func(w io.Writer) error { return report.Brief(w, f, report.TextOptions{}) },
	}
	if q.Tree {
		forms = slices.Insert(forms, 0, form(func(w io.Writer) error { return report.Text(w, f, report.TextOptions{Tree: true}) }))
	}
	return forms, nil
}

type valueQuestion struct {
	budget
	Program string `json:"program" jsonschema:"the program, named by the folder of its main package"`
	Command string `json:"command,omitempty" jsonschema:"the words of its command"`
	Flag    string `json:"flag" jsonschema:"the name of the flag"`
}

func (t tools) value(ctx context.Context, q valueQuestion) ([]form, error) {
	query := analyzer.ValueQuery{Program: q.Program, Command: strings.Fields(q.Command), Flag: strings.TrimLeft(q.Flag, "-")}
	if query.Flag == "" {
		return nil, errors.New("which value? flag names a flag of the command")
	}
	v, err := ask(ctx, t, func(an analysis) (*flow.Value, error) { return an.Value(ctx, query) })
	return []form{
		func(w io.Writer) error { return report.Value(w, v, report.TextOptions{Tree: true}) },
		func(w io.Writer) error { return report.Value(w, v, report.TextOptions{}) },
	}, err
}

type nameQuestion struct {
	budget
	Name string `json:"name" jsonschema:"functions, by name, in part, as a regular expression or file.go:LINE; a request that they send or serve (POST /x); or a call that acts on the machine (os.WriteFile)"`
}

func (q nameQuestion) pattern() (*narrow.Pattern, error) { return functionNamed(q.Name) }

func (t tools) callers(ctx context.Context, q nameQuestion) ([]form, error) {
	p, err := q.pattern()
	if err != nil {
		return nil, err
	}
	c, err := ask(ctx, t, func(an analysis) (*flow.Callers, error) { return an.Callers(ctx, p) })
	return callersForms(c), err
}

func callersForms(c *flow.Callers) []form {
	return []form{
		func(w io.Writer) error { return report.Callers(w, c, report.CallersOptions{Ways: true}) },
		func(w io.Writer) error { return report.Callers(w, c, report.CallersOptions{}) },
	}
}

type pathQuestion struct {
	budget
	From string `json:"from" jsonschema:"a function, or a command with its program in front: docker update"`
	To   string `json:"to" jsonschema:"a function, named as in callers"`
}

func (t tools) path(ctx context.Context, q pathQuestion) ([]form, error) {
	from, err := functionNamed(q.From)
	if err != nil {
		return nil, err
	}
	to, err := functionNamed(q.To)
	if err != nil {
		return nil, err
	}
	p, err := ask(ctx, t, func(an analysis) (*flow.Path, error) { return an.Path(ctx, from, to) })
	return []form{func(w io.Writer) error { return report.Path(w, p, report.TextOptions{}) }}, err
}

type impactQuestion struct {
	budget
	Of string `json:"of" jsonschema:"functions as in callers, or a range of git revisions: main.. for what differs from main in the files as they lie there, A..B"`
}

func (t tools) impact(ctx context.Context, q impactQuestion) ([]form, error) {
	c, err := ask(ctx, t, func(an analysis) (*flow.Callers, error) { return an.Impact(ctx, q.Of) })
	return callersForms(c), err
}

type endpointsQuestion struct {
	budget
	Program   string `json:"program,omitempty" jsonschema:"only of this program"`
	Like      string `json:"like,omitempty" jsonschema:"only what has this text in its key or in the name of its function"`
	Unmatched bool   `json:"unmatched,omitempty" jsonschema:"only what has no partner"`
}

func (t tools) endpoints(ctx context.Context, q endpointsQuestion) ([]form, error) {
	e, err := ask(ctx, t, func(an analysis) (*flow.Endpoints, error) { return an.Endpoints(ctx) })
	if err != nil {
		return nil, err
	}
	some := *e
	keep := func(all []flow.Endpoint) []flow.Endpoint {
		return slices.DeleteFunc(slices.Clone(all), func(x flow.Endpoint) bool {
			return q.Program != "" && x.Program != q.Program || q.Unmatched && !alone(x) || !strings.Contains(strings.ToLower(x.Key+" "+x.Func), strings.ToLower(q.Like))
		})
	}
	some.Departures, some.Arrivals, some.Idle = keep(e.Departures), keep(e.Arrivals), keep(e.Idle)
	view := func(group bool) form {
		return func(w io.Writer) error {
			return report.Endpoints(w, &some, report.EndpointsOptions{Unmatched: q.Unmatched, Group: group})
		}
	}
	return []form{view(false), view(true)}, nil
}

func (t tools) code(ctx context.Context, q nameQuestion) ([]form, error) {
	p, err := q.pattern()
	if err != nil {
		return nil, err
	}
	code, err := ask(ctx, t, func(an analysis) ([]flow.Excerpt, error) { return an.Code(ctx, p) })
	return []form{func(w io.Writer) error { return report.Code(w, code) }}, err
}
