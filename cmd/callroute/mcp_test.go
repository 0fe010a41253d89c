package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// connected drives callroute mcp as a client does, over its standard input and
// output.
func connected(t *testing.T, args ...string) *mcp.ClientSession {
	t.Helper()
	cmd := exec.Command("callroute", append([]string{"mcp"}, args...)...)
	cmd.Env = append(os.Environ(), "CALLROUTE_CACHE="+t.TempDir(), "GOPROXY=off")
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("it does not end well: %v", err)
		}
	})
	return s
}

// answer is the text of an answer, and whether it is an error.
func answer(t *testing.T, s *mcp.ClientSession, tool string, args map[string]any) (string, bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s %v: %v", tool, args, err)
	}
	var out strings.Builder
	for _, c := range r.Content {
		text, ok := c.(*mcp.TextContent)
		if !ok {
			t.Fatalf("%s answers with %T", tool, c)
		}
		out.WriteString(text.Text)
	}
	return out.String(), r.IsError
}

func TestMCP(t *testing.T) {
	s := connected(t, "--src", "../../testdata/relay")
	listed, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
		if tool.Description == "" || tool.Annotations == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s does not say what it is", tool.Name)
		}
	}
	if want := []string{"callers", "code", "commands", "endpoints", "impact", "path", "trace", "value"}; !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("the tools are %v, want %v", names, want)
	}
	type args = map[string]any
	for _, test := range []struct {
		tool string
		args args
		want []string // lines that the answer has, in part
		not  string
	}{
		{"commands", args{"program": "relay"}, []string{"  send ", "cmd/relay/send.go:"}, "relayd"},
		{"commands", args{"like": "recall"}, []string{"  recall ", "POST /letters/{name}/recall"}, "send.go"},
		{"trace", args{"program": "relay", "command": "send letter"}, []string{"══ exec", "cmd/scribe/", "5 programs", "gaps"}, ""},
		{"trace", args{"program": "relay", "command": "send", "to": "gateway.(*Gateway).postLetter"}, []string{"gateway/gateway.go:"}, "scribe"},
		{"callers", args{"name": "relayd gateway.(*Gateway).postRecall"}, []string{"relay recall", "POST /letters/{name}/recall", "gateway/gateway.go:"}, "relay send"},
		{"path", args{"from": "relay send", "to": "os.WriteFile|scribe main.main"}, []string{"══ exec", "cmd/scribe/main.go:"}, ""},
		{"impact", args{"of": "gateway.(*Gateway).postRecall"}, []string{"crossings", "http POST /letters/", "from relay "}, ""},
		{"value", args{"program": "relay", "command": "send", "flag": "urgent"}, []string{"relay send --urgent"}, ""},
		{"path", args{"from": "relay send", "to": "scribe main.main"}, []string{"══ exec", "cmd/scribe/main.go:"}, ""}, // after summaries with values were made
		{"endpoints", args{"program": "relay"}, []string{"relay http", "══▶ relayd"}, "sorter grpc"},
		{"code", args{"name": "gateway.(*Gateway).postRecall"}, []string{"gateway/gateway.go:", "func (g *Gateway) postRecall("}, "postLetter("},
	} {
		text, failed := answer(t, s, test.tool, test.args)
		if failed {
			t.Errorf("%s %v: %s", test.tool, test.args, text)
		}
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s %v does not say %q:\n%s", test.tool, test.args, want, text)
			}
		}
		if test.not != "" && strings.Contains(text, test.not) {
			t.Errorf("%s %v says %q:\n%s", test.tool, test.args, test.not, text)
		}
	}
	for _, test := range []struct {
		tool string
		args args
		want string
	}{
		{"trace", args{"program": "rely", "command": "send"}, `no program "rely"; did you mean relay`},
		{"trace", args{"program": "relay", "command": "sned"}, "did you mean send"},
		{"callers", args{"name": "gateway.Nww"}, "did you mean New"},
		{"callers", args{"name": ""}, "empty"},
		{"commands", args{"like": "nothing has this"}, "ask without like"},
		{"commands", args{"max_tokens": 3}, "from 100 to 100000"},
		{"value", args{"program": "relay", "command": "send", "flag": "urgnt"}, "urgent"},
		{"code", args{"name": "["}, "error parsing regexp"},
		{"impact", args{"of": "nosuch.."}, "git"},
	} {
		if text, failed := answer(t, s, test.tool, test.args); !failed || !strings.Contains(text, test.want) || strings.Contains(text, "\n") {
			t.Errorf("%s %v answers %q, want an error with %q", test.tool, test.args, text, test.want)
		}
	}
}

// Each answer keeps to what it may cost, says what it left out, and keeps the end,
// where gaps are told. Several questions at once are answered one after the other.
func TestMCPBudget(t *testing.T) {
	s := connected(t, "--src", "../../testdata/relay")
	type args = map[string]any
	var group sync.WaitGroup
	for _, most := range []int{100, 150, 300, 1000} {
		for tool, asked := range map[string]args{
			"trace":     {"program": "relay", "command": "send", "tree": true},
			"callers":   {"name": "scribe main.main"},
			"endpoints": {}, "commands": {}, "code": {"name": "main.*"},
		} {
			group.Go(func() {
				asked["max_tokens"] = most
				text, failed := answer(t, s, tool, asked)
				if n := len([]rune(text)); failed || n > most*runesPerToken {
					t.Errorf("%s has %d runes for %d tokens: %s", tool, n, most, text)
				}
				if whole := len([]rune(text)) < most*runesPerToken/2; !whole && most == 100 && tool != "trace" && !strings.Contains(text, "left out") {
					t.Errorf("%s does not say what it left out: %s", tool, text)
				}
				if tool == "trace" && !strings.Contains(text, "gap") {
					t.Errorf("it says nothing of gaps: %s", text)
				}
			})
		}
		group.Wait() // the arguments of each round are its own
	}
}

func TestCut(t *testing.T) {
	text := strings.Repeat("a line of the middle\n", 50) + "1 gap\n"
	got := cut("first\n"+text, 150)
	if !strings.HasPrefix(got, "first\n") || !strings.HasSuffix(got, "\n1 gap\n") || !strings.Contains(got, "lines are left out here") || len(got) > 150 {
		t.Errorf("%d: %s", len(got), got)
	}
}

// A file that changed is analyzed again.
func TestSessionRenews(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/kiln\n\ngo 1.22\n")
	write("main.go", "package main\n\nfunc main() { heat() }\n\nfunc heat() {}\n\nfunc cool() {}\n")
	a := newApp(nil, nil, os.Getenv, openAnalyzer)
	s := &session{app: a, sources: sources{dirs: []string{dir}}}
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	opened := s.an
	steps := func() string {
		t.Helper()
		s.stamped = time.Time{}
		if err := s.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		f, err := s.Trace(t.Context(), "kiln", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f.Nodes[len(f.Nodes)-1].Func
	}
	if got := steps(); got != "example.com/kiln.heat" || s.an != opened {
		t.Errorf("before the change it goes to %s", got)
	}
	write("main.go", "package main\n\nfunc main() { cool() }\n\nfunc heat() {}\n\nfunc cool() { }\n")
	if got := steps(); got != "example.com/kiln.cool" {
		t.Errorf("after the change it goes to %s", got)
	}
}
