package command

import (
	"strings"
	"testing"
)

func TestLongFlags(t *testing.T) {
	for args, want := range map[string]string{
		"":                                      "",
		"-root /r -debug list -q":               "--root /r --debug list -q",
		"-root=/r list -format json":            "--root=/r list --format json",
		"--root -debug list":                    "--root -debug list", // its value
		"restore -no-subreaper -d id":           "restore --no-subreaper -d id",
		"restore --detach -no-subreaper id":     "restore --detach --no-subreaper id",
		"create -b /x -pid-file p -no-pivot id": "create -b /x --pid-file p --no-pivot id",
		"exec -tty -e A=1 id ls -root":          "exec --tty -e A=1 id ls -root",
		"exec -- id -tty":                       "exec -- id -tty",
		"kill id -KILL":                         "kill id -KILL",
		"run -nosuch id":                        "run -nosuch id",
	} {
		a := &app{}
		if got := strings.Join(longFlags(rootCommand(a), strings.Fields(args)), " "); got != want {
			t.Errorf("%q becomes %q, want %q", args, got, want)
		}
	}
}
