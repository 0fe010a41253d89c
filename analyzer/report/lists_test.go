package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

func TestCommands(t *testing.T) {
	var commands []flow.Command
	readJSON(t, "commands", &commands)
	var out bytes.Buffer
	if err := report.Commands(&out, commands, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "commands.txt", out.Bytes())

	mix(rand.New(rand.NewPCG(1, 2)), commands)
	var again bytes.Buffer
	if err := report.Commands(&again, commands, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), out.Bytes()) {
		t.Errorf("the order of the commands changed the output:\n%s", again.Bytes())
	}
}

func TestEndpoints(t *testing.T) {
	for name, o := range map[string]report.EndpointsOptions{
		"endpoints.txt":           {},
		"endpoints.unmatched.txt": {Unmatched: true},
		"endpoints.group.txt":     {Group: true},
		"endpoints.color.txt":     {TextOptions: report.TextOptions{Color: true}},
	} {
		t.Run(name, func(t *testing.T) {
			e := new(flow.Endpoints)
			readJSON(t, "endpoints", e)
			var out bytes.Buffer
			if err := report.Endpoints(&out, e, o); err != nil {
				t.Fatal(err)
			}
			golden(t, name, out.Bytes())

			r := rand.New(rand.NewPCG(1, 2))
			mix(r, e.Departures)
			mix(r, e.Arrivals)
			var again bytes.Buffer
			if err := report.Endpoints(&again, e, o); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again.Bytes(), out.Bytes()) {
				t.Errorf("the order of the endpoints changed the output:\n%s", again.Bytes())
			}
		})
	}
}

// The hand-written traces are in the form that JSON writes, so reading and
// writing one must give the same bytes.
func TestJSONRoundTrip(t *testing.T) {
	for _, name := range []string{"fire", "glaze", "relight", "answers", "nothing"} {
		var out bytes.Buffer
		if err := report.JSON(&out, readFlow(t, name)); err != nil {
			t.Fatal(err)
		}
		sameAsFile(t, name, out.Bytes())
	}
	var commands []flow.Command
	readJSON(t, "commands", &commands)
	var out bytes.Buffer
	if err := report.JSON(&out, commands); err != nil {
		t.Fatal(err)
	}
	sameAsFile(t, "commands", out.Bytes())

	e := new(flow.Endpoints)
	readJSON(t, "endpoints", e)
	out.Reset()
	if err := report.JSON(&out, e); err != nil {
		t.Fatal(err)
	}
	sameAsFile(t, "endpoints", out.Bytes())
}

func TestJSONHasNoNullLists(t *testing.T) {
	var out bytes.Buffer
	write := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	write(report.JSON(&out, &flow.Flow{}))
	write(report.JSON(&out, &flow.Endpoints{Arrivals: []flow.Endpoint{{}}}))
	write(report.JSON(&out, []flow.Command{{}}))
	write(report.JSON(&out, []flow.Command(nil)))
	if bytes.Contains(out.Bytes(), []byte("null")) {
		t.Errorf("a list is null:\n%s", out.Bytes())
	}
}

func TestWriteErrors(t *testing.T) {
	full := failingWriter{errors.New("no space left")}
	if err := report.Text(full, readFlow(t, "fire"), report.TextOptions{}); !errors.Is(err, full.err) {
		t.Errorf("Text: %v", err)
	}
	if err := report.Commands(full, nil, report.TextOptions{}); !errors.Is(err, full.err) {
		t.Errorf("Commands: %v", err)
	}
	if err := report.Endpoints(full, &flow.Endpoints{}, report.EndpointsOptions{}); !errors.Is(err, full.err) {
		t.Errorf("Endpoints: %v", err)
	}
	if err := report.JSON(full, &flow.Flow{}); !errors.Is(err, full.err) {
		t.Errorf("JSON: %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "flows", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func sameAsFile(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", "flows", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: reading and writing it again gives\n%s", name, got)
	}
}
