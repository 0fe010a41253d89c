package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestText(t *testing.T) {
	for _, test := range []struct {
		golden, flow string
		options      report.TextOptions
	}{
		{golden: "fire.txt", flow: "fire"},
		{golden: "fire.width=110.txt", flow: "fire", options: report.TextOptions{Width: 110}},
		{golden: "fire.tree.txt", flow: "fire", options: report.TextOptions{Tree: true}},
		{golden: "fire.color.txt", flow: "fire", options: report.TextOptions{Color: true}},
		{golden: "fire.width=30.txt", flow: "fire", options: report.TextOptions{Width: 30}},
		{golden: "glaze.txt", flow: "glaze"},
		{golden: "glaze.tree.txt", flow: "glaze", options: report.TextOptions{Tree: true}},
		{golden: "relight.txt", flow: "relight"},
		{golden: "relight.tree.txt", flow: "relight", options: report.TextOptions{Tree: true}},
		{golden: "answers.txt", flow: "answers"},
		{golden: "answers.tree.txt", flow: "answers", options: report.TextOptions{Tree: true}},
		{golden: "nothing.txt", flow: "nothing"},
		{golden: "nothing.tree.txt", flow: "nothing", options: report.TextOptions{Tree: true}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			f := readFlow(t, test.flow)
			want := render(t, f, test.options)
			golden(t, test.golden, want)

			shuffle(f, rand.New(rand.NewPCG(1, 2)))
			if got := render(t, f, test.options); !bytes.Equal(got, want) {
				t.Errorf("the order of nodes and edges changed the output:\n%s", got)
			}
		})
	}
}

func TestTextRefusesDamage(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(*flow.Flow)
		want   string
	}{
		{"schema", func(f *flow.Flow) { f.Schema = "callroute.trace/v0" }, "schema"},
		{"component", func(f *flow.Flow) { f.Components = f.Components[1:] }, `program "kiln", which is not listed`},
		{"root", func(f *flow.Flow) { f.Root = 999 }, "root names node 999"},
		{"spine", func(f *flow.Flow) { f.Spine[3] = 999 }, "spine names node 999"},
		{"edge from", func(f *flow.Flow) { f.Edges[0].From = 999 }, "an edge names node 999"},
		{"edge to", func(f *flow.Flow) { f.Edges[0].To = 999 }, "an edge names node 999"},
		{"gap", func(f *flow.Flow) { f.Gaps[0].After = 999 }, "a gap names node 999"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := readFlow(t, "fire")
			test.damage(f)
			var out bytes.Buffer
			err := report.Text(&out, f, report.TextOptions{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %q before it failed", out.String())
			}
		})
	}
}

// Whatever a trace holds, Text writes it or says what is wrong with it.
func FuzzText(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "flows", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no traces: ", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, 80, true)
		f.Add(data, -1, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, width int, tree bool) {
		trace := new(flow.Flow)
		if json.Unmarshal(data, trace) != nil || width > 1000 {
			return
		}
		var out bytes.Buffer
		err := report.Text(&out, trace, report.TextOptions{Width: width, Tree: tree})
		if (err == nil) != (out.Len() > 0) {
			t.Errorf("error %v after %d bytes", err, out.Len())
		}
	})
}

func BenchmarkText(b *testing.B) {
	f := readFlow(b, "fire")
	for b.Loop() {
		if err := report.Text(io.Discard, f, report.TextOptions{Tree: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func readFlow(tb testing.TB, name string) *flow.Flow {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "flows", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	f := new(flow.Flow)
	if err := dec.Decode(f); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return f
}

func render(t *testing.T, f *flow.Flow, o report.TextOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := report.Text(&out, f, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func shuffle(f *flow.Flow, r *rand.Rand) {
	mix(r, f.Components)
	mix(r, f.Nodes)
	mix(r, f.Edges)
	mix(r, f.Gaps)
}

func mix[T any](r *rand.Rand, s []T) {
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update to accept):\n--- got\n%s\n--- want\n%s", file, got, want)
	}
}
