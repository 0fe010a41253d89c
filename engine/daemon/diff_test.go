package daemon

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
)

func TestWithoutPlaces(t *testing.T) {
	for _, test := range []struct{ changes, want string }{
		{"", ""},
		{"C /etc,A /etc/hosts,A /dev,A /dev/console", ""},
		{"C /etc,A /etc/hosts,C /etc/passwd", "C /etc,C /etc/passwd"},
		{"A /a,A /a/b,A /a/b/data", ""},
		{"A /a,A /a/b,A /a/b/data,A /a/x", "A /a,A /a/x"},
		{"A /a/b/database", "A /a/b/database"},
		{"C /etc,D /etc/hosts.deny", "C /etc,D /etc/hosts.deny"},
	} {
		letters := map[string]container.ChangeType{"A": container.ChangeAdd, "C": container.ChangeModify, "D": container.ChangeDelete}
		var changes []container.FilesystemChange
		for text := range strings.SplitSeq(test.changes, ",") {
			if kind, path, ok := strings.Cut(text, " "); ok {
				changes = append(changes, container.FilesystemChange{Kind: letters[kind], Path: path})
			}
		}
		var got []string
		for _, c := range withoutPlaces(changes, []string{"/dev", "/etc/hosts", "/a/b/data"}) {
			got = append(got, c.Kind.String()+" "+c.Path)
		}
		if want := strings.Split(test.want, ","); !slices.Equal(got, want) && (len(got) > 0 || test.want != "") {
			t.Errorf("%s: %q, want %q", test.changes, got, test.want)
		}
	}
}
