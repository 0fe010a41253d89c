// Package session runs commands and the daemons that they need beside everything
// else on the machine, and leaves nothing of them.
//
// A session is a thread that may have namespaces of its own, and every process
// that is started from it. What these leave behind when they end comes to this
// process as their parent; at the end of the session all of it is killed.
//
// What it cannot undo: what commands do outside their folder, such as control
// groups of daemons that are killed before they could tidy up.
package session

import "io"

// Options says how a session runs.
type Options struct {
	Dir     string   // a folder for it, $CALLROUTE_DIR; the session does not make it
	Path    string   // folder of programs that go before all others
	Source  string   // folder of the first source tree, $CALLROUTE_SRC
	Unshare []string // "network", "mount": namespaces of its own
}

// Command is a command line and what it is connected with.
type Command struct {
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}
