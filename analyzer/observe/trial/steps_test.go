package trial

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestReadSteps(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []Step // without Where
		wrong      string // part of the error
	}{
		{"all signs", "# a\n\n+ make x | y\n$ p run 'a b' \"c\"d $HOME\n", []Step{{Script: "make x | y"}, {Command: []string{"p", "run", "a b", "cd", "$HOME"}}}, ""},
		{"no command", "+ make\n", nil, "no command to observe"},
		{"empty command", "$ \n", nil, "list:1: no command"},
		{"open quote", "$ p 'a\n", nil, "the quote ' is open"},
		{"no sign", "p run\n", nil, "list:1: a line begins with"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadSteps(file)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Fatalf("error %v, want %q", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i].Where = ""
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
