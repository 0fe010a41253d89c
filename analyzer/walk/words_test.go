package walk

import (
	"strings"
	"testing"
)

func TestWordsOf(t *testing.T) {
	for text, want := range map[string]string{
		"postContainerUpdate":            "post container update",
		"HTTPServer":                     "http server",
		"(*execProcess).Start":           "exec process start",
		"POST /containers/*/checkpoints": "post containers checkpoints",
		"runc exec":                      "runc exec",
		"unpause":                        "unpause",
		"x2Y":                            "x y",
		"":                               "",
	} {
		if got := strings.Join(wordsOf(text), " "); got != want {
			t.Errorf("wordsOf(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestUndoes(t *testing.T) {
	for name, want := range map[string]bool{
		"Close": true, "stopTimer": true, "killAll": true, "RemoveAll": true, "endRun": true, "cleanupMounts": true, "rmi": true, "rmdir": true,
		"endpoint": false, "Ending": false, "stopwatch": false, "downloads": false, "Create": false, "": false,
	} {
		if got := undoes(name); got != want {
			t.Errorf("undoes(%q) is %v, want %v", name, got, want)
		}
	}
}
