package analyzer

import (
	"encoding/json"
	"testing"

	"github.com/callroute/callroute/analyzer/system"
)

// TestSummaryOfAnyOrder checks that the summary of a program is plain data that
// does not tell what was loaded before it.
func TestSummaryOfAnyOrder(t *testing.T) {
	alone := summaryOf(t, "relayd")
	if after := summaryOf(t, "relay", "courier", "relayd"); after != alone {
		t.Errorf("after two others the summary of relayd is another one, of %d bytes in place of %d", len(after), len(alone))
	}
	if len(alone) < 1000 {
		t.Errorf("the summary is only %s", alone)
	}
}

// summaryOf analyzes programs of the relay one after the other, and returns the
// summary of the last.
func summaryOf(t *testing.T, names ...string) string {
	t.Helper()
	sys, err := system.FromDirs([]string{"../testdata/relay"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), sys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, name := range names {
		p, err := a.program(name)
		if err != nil {
			t.Fatal(err)
		}
		exe, err := a.programs.Get(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = json.Marshal(exe); err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}
