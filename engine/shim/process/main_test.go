package process

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/go-runc"
)

// reaper collects the children of all tests: there can be but one.
var reaper = NewReaper()

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == fakeName {
		os.Exit(fakeRunc())
	}
	if err := reaper.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	runc.Monitor = reaper
	os.Exit(m.Run())
}

// fakeName is the name under which this program is a runtime that writes down
// how it was called.
const fakeName = "fake-runc"

// Where the fake runtime writes, and what it does besides.
const (
	fakeCallVar  = "FAKE_RUNC_CALL"
	fakeErrorVar = "FAKE_RUNC_ERROR"
)

type fakeCall struct {
	Args  []string
	Stdin string
}

func fakeRunc() int {
	stdin, _ := io.ReadAll(os.Stdin)
	data, _ := json.Marshal(fakeCall{Args: os.Args[1:], Stdin: string(stdin)})
	if err := os.WriteFile(os.Getenv(fakeCallVar), data, 0o600); err != nil {
		return 2
	}
	if message := os.Getenv(fakeErrorVar); message != "" {
		for i, arg := range os.Args {
			if arg == "--log" {
				line, _ := json.Marshal(map[string]string{"level": "error", "msg": message})
				f, err := os.OpenFile(os.Args[i+1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err != nil {
					return 2
				}
				fmt.Fprintf(f, "%s\n", line)
				f.Close()
			}
		}
		return 1
	}
	return 0
}
