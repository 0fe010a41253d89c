package diagram

import (
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{
		{"store.Glazes", 20, "store.Glazes"},
		{"store/a/folder/far/too/deep/to/be/shown/in/one/column/glazes.go:8", 52, "store/a/folder/far/too/…/in/one/column/glazes.go:8"},
		{"POST /v1/kilns/{name}/glazes/{glaze}/fire", 30, "POST /v1/kilns…/{glaze}/fire"},
		{strings.Repeat("a", 20), 9, "aaaa…aaaa"},
		{"窑炉窑炉窑炉窑炉", 9, "窑炉…窑炉"},
	} {
		if got := Fit(test.text, test.n); got != test.want || Cells(got) > test.n {
			t.Errorf("%q in %d cells is %q, want %q", test.text, test.n, got, test.want)
		}
	}
	for _, test := range []struct {
		name string
		n    int
		want string
	}{
		{"daemon.(*Daemon).containerStart", 31, "daemon.(*Daemon).containerStart"},
		{"daemon.(*Daemon).containerStart", 26, "(*Daemon).containerStart"},
		{"daemon.(*Daemon).containerStartAndWaitForIt", 26, "(*Daemon).…tAndWaitForIt"},
		{"libcontainer.startInitialization", 19, "startInitialization"},
	} {
		if got := FitName(test.name, test.n); got != test.want || Cells(got) > test.n {
			t.Errorf("%q in %d cells is %q, want %q", test.name, test.n, got, test.want)
		}
	}
}
