package system

import (
	"path/filepath"
	"testing"
)

func TestWeb(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, test := range []struct {
		name, config, want string
	}{
		{"https", "[remote \"origin\"]\n\turl = https://github.com/kiln/kiln.git\n", "https://github.com/kiln/kiln/blob/" + commit},
		{"ssh", "[remote \"origin\"]\n\turl = git@github.com:kiln/kiln.git\n", "https://github.com/kiln/kiln/blob/" + commit},
		{"a password stays away", "[remote \"origin\"]\n\turl = https://me:secret@gitlab.com/kiln/kiln\n", "https://gitlab.com/kiln/kiln/-/blob/" + commit},
		{"another remote", "[remote \"fork\"]\n\turl = https://github.com/other/kiln\n", ""},
		{"unknown host", "[remote \"origin\"]\n\turl = https://git.example.org/kiln\n", ""},
		{"a folder", "[remote \"origin\"]\n\turl = /srv/kiln\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, "-- .git/HEAD --\n"+commit+"\n-- .git/config --\n"+test.config+"-- sub/a.go --\n")
			if got := web(dir); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			want := test.want
			if want != "" {
				want += "/sub"
			}
			if got := web(filepath.Join(dir, "sub")); got != want {
				t.Errorf("of a folder in it %q, want %q", got, want)
			}
		})
	}
}
