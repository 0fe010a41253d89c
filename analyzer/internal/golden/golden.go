// Package golden compares what a view writes with a file.
package golden

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// update is shared by all tests of a package that imports this one.
var update = flag.Bool("update", false, "write golden files")

// Compare fails the test if got differs from testdata/golden/name; with -update
// it writes the file.
func Compare(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the view writes now; look at the difference after go test -update. It writes:\n%s", path, got)
	}
}

// Flows are the traces that were written by hand for the tests of views.
var Flows = []string{"fire", "glaze", "relight", "answers", "nothing"}

// Flow reads one of Flows.
func Flow(tb testing.TB, name string) *flow.Flow {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	file, err := os.Open(filepath.Join(filepath.Dir(here), "../../report/testdata/flows", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	f, err := flow.Read(file)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// Shuffled is f with its lists in another order, but for what has an order.
func Shuffled(f *flow.Flow) *flow.Flow {
	r := rand.New(rand.NewPCG(1, 2))
	mixed := *f
	mixed.Nodes = mix(r, f.Nodes)
	mixed.Edges = mix(r, f.Edges)
	mixed.Gaps = mix(r, f.Gaps)
	return &mixed
}

func mix[T any](r *rand.Rand, s []T) []T {
	out := append([]T{}, s...)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
