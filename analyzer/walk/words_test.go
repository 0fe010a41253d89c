package walk

import "testing"

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
