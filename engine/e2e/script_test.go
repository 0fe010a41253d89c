package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/console"
)

// A script is the commands of one file of testdata/commands. A line begins
// with a sign:
//
//	# text            a comment
//	[words]           about the next command: "only NAME…" runs it with these
//	                  command lines alone (docker, docker20, engine), "loose"
//	                  compares nothing but the exit code, "tty" gives it a
//	                  terminal and is loose
//	$ arguments       a command, with quotes as in a shell
//	? arguments       a command that is repeated until it meets expectations
//	< text            a line of its input, with \x escapes
//	> expression      a regular expression that its output must have
//	! expression      the same for its error output
//	= numbers         its exit code, one of these; 0 if there is none
//	& NAME            its output is $NAME from here on
//	% program args    a program of the machine instead of a command
//	@ restart         the daemon is stopped and started; "@ kill": killed and
//	                  started; "@ sleep 1s"
//
// $DIR is a folder of the script's own, $BUSYBOX the image's tar.
type script struct {
	name  string
	steps []step
}

type step struct {
	line           int
	kind           byte // '$', '?', '%' or '@'
	text           string
	only           []string
	loose, tty     bool
	stdin          []string
	stdout, stderr []*regexp.Regexp
	exits          []int // any of them; none is 0
	save           string
}

// readScript parses a file.
func readScript(t *testing.T, path string) script {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := script{name: strings.TrimSuffix(filepath.Base(path), ".txt")}
	var next step
	for i, line := range strings.Split(string(content), "\n") {
		sign, rest := byte('#'), ""
		if line != "" {
			sign, rest = line[0], strings.TrimPrefix(line[1:], " ")
		}
		bad := func(why any) { t.Fatalf("%s:%d: %v: %s", path, i+1, why, line) }
		if strings.IndexByte("<>!=&", sign) >= 0 && len(s.steps) == 0 {
			bad("nothing to say this of")
		}
		switch sign {
		case '#':
		case '[':
			word, names, _ := strings.Cut(strings.TrimSuffix(rest, "]"), " ")
			switch strings.TrimSuffix(word, "]") {
			case "only":
				next.only = strings.Fields(names)
			case "loose":
				next.loose = true
			case "tty":
				next.tty, next.loose = true, true
			default:
				bad("unknown word")
			}
		case '$', '?', '%', '@':
			next.line, next.kind, next.text = i+1, sign, rest
			s.steps = append(s.steps, next)
			next = step{}
		case '<':
			text, err := strconv.Unquote(`"` + rest + `"`)
			if err != nil {
				bad(err)
			}
			last := &s.steps[len(s.steps)-1]
			last.stdin = append(last.stdin, text)
		case '>', '!':
			re, err := regexp.Compile("(?m)" + rest)
			if err != nil {
				bad(err)
			}
			last := &s.steps[len(s.steps)-1]
			if sign == '>' {
				last.stdout = append(last.stdout, re)
			} else {
				last.stderr = append(last.stderr, re)
			}
		case '=':
			for word := range strings.FieldsSeq(rest) {
				exit, err := strconv.Atoi(word)
				if err != nil {
					bad(err)
				}
				last := &s.steps[len(s.steps)-1]
				last.exits = append(last.exits, exit)
			}
		case '&':
			s.steps[len(s.steps)-1].save = rest
		default:
			bad("unknown sign")
		}
	}
	return s
}

// player runs scripts with one command line on one daemon.
type player struct {
	d    *daemon
	name string // of the command line
	// compares says that what the daemon does is compared with another, and not
	// with what the script expects.
	compares bool
}

// played is what a step did, as it is compared: without what differs between
// two runs, and without text if the step is loose.
type played struct {
	step           step
	exit           int
	stdout, stderr string
}

// play runs a script and returns what each step did, nil for those that are
// not for this command line.
func (p *player) play(t *testing.T, s script) []*played {
	t.Helper()
	vars := map[string]string{"DIR": filepath.Join(p.d.root, "scripts", s.name), "BUSYBOX": busybox(t)}
	if err := os.MkdirAll(vars["DIR"], 0o755); err != nil {
		t.Fatal(err)
	}
	var out []*played
	for _, st := range s.steps {
		if len(st.only) > 0 && !slices.Contains(st.only, p.name) {
			out = append(out, nil)
			continue
		}
		out = append(out, p.step(t, s.name, st, vars))
	}
	return out
}

func (p *player) step(t *testing.T, file string, st step, vars map[string]string) *played {
	t.Helper()
	text := os.Expand(st.text, func(name string) string {
		if v, ok := vars[name]; ok {
			return v
		}
		return "$" + name
	})
	where := fmt.Sprintf("%s.txt:%d: %s %s", file, st.line, p.name, text)
	args, err := splitWords(text)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	var r result
	switch {
	case st.kind == '@':
		p.do(t, args)
		return &played{step: st}
	case st.kind == '%':
		r = p.host(t, args)
	case st.kind == '?':
		r = p.until(st, args)
	case st.tty:
		r = p.terminal(t, st.stdin, args)
	default:
		r = p.d.command(p.name, typed(st.stdin), args...)
	}
	for _, what := range st.unmet(r) {
		if p.compares {
			break
		}
		t.Errorf("%s\n%s\n%s%s", where, what, r.stdout, marked(r.stderr))
	}
	if st.save != "" {
		vars[st.save] = strings.TrimSpace(r.stdout)
	}
	done := &played{step: st, exit: r.exit}
	if !st.loose {
		done.stdout, done.stderr = normal(p.d, r.stdout), normal(p.d, r.stderr)
	}
	return done
}

// unmet is what a result should be and is not.
func (st step) unmet(r result) []string {
	var out []string
	if !slices.Contains(st.exits, r.exit) && (r.exit != 0 || st.exits != nil) {
		out = append(out, fmt.Sprintf("exit %d, want %d", r.exit, st.exits))
	}
	for _, re := range st.stdout {
		if !re.MatchString(r.stdout) {
			out = append(out, fmt.Sprintf("output without %s", re))
		}
	}
	for _, re := range st.stderr {
		if !re.MatchString(r.stderr) {
			out = append(out, fmt.Sprintf("errors without %s", re))
		}
	}
	return out
}

// until runs a command again and again.
func (p *player) until(st step, args []string) result {
	for deadline := time.Now().Add(15 * time.Second); ; {
		r := p.d.command(p.name, nil, args...)
		if len(st.unmet(r)) == 0 || time.Now().After(deadline) {
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// do is a step of the test itself.
func (p *player) do(t *testing.T, args []string) {
	t.Helper()
	switch args[0] {
	case "restart":
		p.d.stop()
		p.d.start()
	case "kill":
		p.d.kill()
		p.d.start()
	case "sleep":
		d, err := time.ParseDuration(args[1])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(d)
	default:
		t.Fatalf("unknown step %q", args)
	}
}

// host runs a program of the machine in the daemon's network.
func (p *player) host(t *testing.T, args []string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = p.d.root
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p.d.within(func() {
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Error(err)
		}
	})
	if cmd.ProcessState == nil {
		return result{exit: -1}
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), exit: cmd.ProcessState.ExitCode()}
}

// terminal runs a command on a terminal and types lines into it: the first
// once there is a prompt or nothing comes for a while.
func (p *player) terminal(t *testing.T, lines, args []string) result {
	t.Helper()
	pty, slave, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	tty, err := os.OpenFile(slave, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := p.d.prepare(ctx, p.name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := pty.Resize(console.WinSize{Height: 24, Width: 80}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()

	shown := make(chan string)
	go func() {
		defer close(shown)
		buf := make([]byte, 32<<10)
		for {
			n, err := pty.Read(buf)
			if n > 0 {
				shown <- string(buf[:n])
			}
			if err != nil { // EIO once the last process closed its side
				return
			}
		}
	}()
	var out strings.Builder
	for {
		wait := time.Hour
		if len(lines) > 0 {
			wait = 700 * time.Millisecond
		}
		select {
		case text, ok := <-shown:
			if !ok {
				_ = cmd.Wait()
				return result{stdout: strings.ReplaceAll(out.String(), "\r", ""), exit: cmd.ProcessState.ExitCode()}
			}
			out.WriteString(text)
			if !strings.HasSuffix(text, "# ") {
				continue // no prompt
			}
		case <-time.After(wait):
		}
		if len(lines) > 0 {
			_, _ = io.WriteString(pty, lines[0]) // a command that ended shows by its output
			lines = lines[1:]
		}
	}
}

// typed is lines as the input of a command, nil for none. The input ends once
// there is output: a client whose input has ended may go before the answer to
// it is there, as a person does not.
func typed(lines []string) io.Reader {
	if lines == nil {
		return nil
	}
	answered := make(chan struct{})
	return &typing{
		Reader: io.MultiReader(strings.NewReader(strings.Join(lines, "\n")+"\n"), untilClosed(answered)),
		answer: sync.OnceFunc(func() { close(answered) }),
	}
}

// typing is an input that wants to know of the output.
type typing struct {
	io.Reader
	answer func() // called when there is some
}

// beside is w, and notes that something is written to it.
func (t *typing) beside(w io.Writer) io.Writer {
	return io.MultiWriter(w, writing(t.answer))
}

type writing func()

func (f writing) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

// untilClosed is an empty input that ends when the channel is closed, or later.
type untilClosed chan struct{}

func (c untilClosed) Read([]byte) (int, error) {
	select {
	case <-c:
		time.Sleep(100 * time.Millisecond) // there may be more to come
	case <-time.After(5 * time.Second):
	}
	return 0, io.EOF
}

// splitWords splits a line at spaces that are not in quotes.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ':
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("an open %c", quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// What differs between two runs of a command, by what stands for it.
var variable = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "ID64"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "ID12"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?`), "TIME"},
	{regexp.MustCompile(`(Less than a second|About an? \w+|\d+ (seconds?|minutes?|hours?|days?|weeks?|months?|years?))( ago)?`), "AGO"},
	{regexp.MustCompile(`\b(\d\d:){1,2}\d\d\b`), "CLOCK"},
	{regexp.MustCompile(`\b172\.\d+\.\d+\.\d+\b`), "ADDRESS"},
	{regexp.MustCompile(`\bdocker\b`), "engine"},
	// Whether a container is refused when it is made or when it is started, and
	// whether the client waited already.
	{regexp.MustCompile(`(?m)^(See 'engine \w+ --help'\.|time="TIME" level=error msg="error waiting for container: .*")\n`), ""},
	{regexp.MustCompile(`[ \t]+`), " "},
	{regexp.MustCompile(` +\n`), "\n"},
}

// normal is a command's output without what differs between two runs.
func normal(d *daemon, text string) string {
	text = strings.ReplaceAll(text, d.root, "ROOT")
	for _, v := range variable {
		text = v.re.ReplaceAllString(text, v.with)
	}
	return text
}
