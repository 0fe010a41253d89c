// Package docopt stands in for github.com/docopt/docopt-go: the commands stand in
// a usage text that is taken apart when the program runs.
package docopt

import (
	"errors"
	"os"
	"strings"
)

// Opts is what was typed, by the names of the usage text.
type Opts map[string]interface{}

// ParseDoc matches os.Args with a usage text.
func ParseDoc(doc string) (Opts, error) {
	opts := Opts{}
	for _, word := range os.Args[1:] {
		opts[word] = strings.Contains(doc, word)
	}
	return opts, nil
}

// Bool tells whether a command or a switch was typed.
func (o Opts) Bool(key string) (bool, error) {
	if v, ok := o[key].(bool); ok {
		return v, nil
	}
	return false, errors.New("no such key: " + key)
}
