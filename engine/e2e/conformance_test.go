package e2e

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
)

// conformance is the page that is written from what the tests found.
var conformance = flag.String("conformance", "", "write what was found to this `FILE`")

// sections are the parts of the page, in order.
var sections = []struct{ name, title, intro string }{
	{"sweep", "Side by side with docker", ""},
	{"exchange", "With docker's and containerd's programs", "Each of the five programs speaks the protocol of the real one on either side. Runtimes by name,\nrunc and crun among them, are in `TestOtherRuntimes`; docker's own command line, of 28 and of\n20.10, in `TestCommands`; docker compose in `TestCompose`.\n\n"},
	{"faults", "Killed at any moment", "Each of the five processes is killed with kill -9 in the middle of each command, at several\n" +
		"moments. A cell is how often afterwards what had been acknowledged was so, the next command\nworked, and no process, mount, file or cgroup was left.\n\n"},
}

var found = struct {
	sync.Mutex
	texts map[string]string
}{texts: map[string]string{}}

// record keeps what a section says.
func record(section, text string) {
	found.Lock()
	defer found.Unlock()
	found.texts[section] = text
}

// writeConformance writes the page, if it is asked for.
func writeConformance() error {
	if *conformance == "" {
		return nil
	}
	var page strings.Builder
	page.WriteString("# Conformance of the engine\n\nWritten by `make conformance` from the tests in `engine/e2e`. Do not edit.\n")
	for _, s := range sections {
		text, ok := found.texts[s.name]
		if !ok {
			return fmt.Errorf("conformance: nothing was found for %q", s.title)
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s%s", s.title, s.intro, text)
	}
	return os.WriteFile(*conformance, []byte(page.String()), 0o644)
}
