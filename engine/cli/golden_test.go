package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// update rewrites what the commands in testdata print.
var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // times are shown in the person's zone
	m.Run()
}

// A golden file is a daemon and commands. A section "METHOD /path [STATUS]" is
// what the daemon answers there; "{ago 2m}" in it is the time of two minutes
// ago in seconds. A section "$ COMMAND" is a command line and what it prints:
// the output as it is, lines of errors after "! ", the exit code if it is not
// 0. If the comment at the top says "requests", what the daemon was asked comes
// first, after "> ".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			daemon := fakeDaemon(t, archive)
			for i, section := range archive.Files {
				command, ok := strings.CutPrefix(section.Name, "$ ")
				if !ok {
					continue
				}
				daemon.reset()
				got := runGolden(t, daemon, command)
				if strings.Contains(string(archive.Comment), "requests") {
					got = daemon.requests() + got
				}
				if *update {
					archive.Files[i].Data = []byte(got)
				} else if got != string(section.Data) {
					t.Errorf("$ %s\n--- got\n%s--- want\n%s", command, got, section.Data)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// runGolden runs a command line; "<<< TEXT" at its end is its input.
func runGolden(t *testing.T, daemon *fake, command string) string {
	t.Helper()
	command, input, _ := strings.Cut(command, " <<< ")
	args := append([]string{"-H", "unix://" + daemon.socket}, split(command)[1:]...)
	var stdout, stderr bytes.Buffer
	code := Execute(t.Context(), Config{
		Streams: Streams{In: strings.NewReader(input), Out: &stdout, Err: &stderr},
		Version: "1.2.3",
	}, args)
	return timeless(transcript(stdout.String(), stderr.String(), code), daemon)
}

// transcript is what a command printed: errors after "! ", the exit code last.
func transcript(stdout, stderr string, code int) string {
	got := endLine(stdout)
	for line := range strings.Lines(endLine(stderr)) {
		got += strings.TrimSuffix("! "+strings.TrimSuffix(line, "\n"), " ") + "\n"
	}
	if code != 0 {
		got += fmt.Sprintf("exit %d\n", code)
	}
	return got
}

// timeless takes out what is another one in each run.
func timeless(got string, daemon *fake) string {
	date := regexp.MustCompile(`\d{4}(-\d\d){2} \d\d(:\d\d){2} \+0000 UTC`)
	return date.ReplaceAllString(strings.ReplaceAll(got, daemon.socket, "/daemon.sock"), "DATE")
}

func endLine(s string) string {
	if s != "" && !strings.HasSuffix(s, "\n") {
		return s + "\\\n" // the end of a line is not there
	}
	return s
}

// split splits a command line at spaces outside quotes.
func split(command string) []string {
	var words []string
	var word strings.Builder
	quote, begun := rune(0), false
	for _, r := range command {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case r == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// fake is a daemon that answers from a golden file.
type fake struct {
	socket string

	mu    sync.Mutex
	asked []string
}

func (f *fake) reset() { f.mu.Lock(); f.asked = nil; f.mu.Unlock() }

func (f *fake) requests() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.asked, "")
}

func fakeDaemon(t *testing.T, archive *txtar.Archive) *fake {
	t.Helper()
	f := &fake{socket: filepath.Join(t.TempDir(), "s")}
	listener, err := net.Listen("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.answer(w, r, archive) }),
	}}
	server.Start()
	t.Cleanup(server.Close)
	return f
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request, archive *txtar.Archive) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/v1.50")
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	line := "> " + r.Method + " " + path
	if r.URL.RawQuery != "" {
		line += "?" + r.URL.Query().Encode()
	}
	f.asked = append(f.asked, strings.TrimSpace(line+" "+given(body))+"\n")
	f.mu.Unlock()
	w.Header().Set("Api-Version", "1.50")
	w.Header().Set("Docker-Experimental", "true")
	w.Header().Set("Ostype", "linux")
	w.Header().Set("Content-Type", "application/json")
	for _, section := range archive.Files {
		status := http.StatusOK
		head, word, ok := strings.Cut(section.Name, " /")
		if !ok || head != r.Method {
			continue
		}
		at, code, hasCode := strings.Cut("/"+word, " ")
		if at != path {
			continue
		}
		if hasCode {
			_, _ = fmt.Sscan(code, &status)
		}
		w.WriteHeader(status)
		_, _ = w.Write(withTimes(section.Data))
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"message":"nothing at `+path+`"}`)
}

// given is a request's body with what is empty in it left out.
func given(body []byte) string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return string(body)
	}
	encoded, _ := json.Marshal(filled(value))
	return string(encoded)
}

func filled(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			// Of ports and paths the name is all.
			if field = filled(field); isEmpty(field) && !strings.Contains(key, "/") {
				delete(v, key)
			} else {
				v[key] = field
			}
		}
	case []any:
		for i := range v {
			v[i] = filled(v[i])
		}
	}
	return value
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case float64:
		return v == 0
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func withTimes(data []byte) []byte {
	return regexp.MustCompile(`\{ago (\w+)\}`).ReplaceAllFunc(data, func(match []byte) []byte {
		ago, err := time.ParseDuration(string(match[len("{ago ") : len(match)-1]))
		if err != nil {
			return match
		}
		return fmt.Append(nil, time.Now().Add(-ago).Unix())
	})
}
