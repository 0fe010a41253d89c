package models

import (
	"fmt"
	"os"
	"strings"
)

// Text is the file or the part of a file in which a model was written.
func (m *Model) Text() ([]byte, error) {
	if !m.User {
		return files.ReadFile(m.File)
	}
	return os.ReadFile(m.File)
}

// Skeleton is a model of an unknown library, to be filled in.
func Skeleton(library string) string {
	return fmt.Sprintf(`library: %s
kind: router # or: %s
# Arguments are counted from the receiver, which is 0. Keep what fits.
handlers: [Context]       # a function that takes one of these serves requests
routers: [Router]
routes:                   # method: a text, an argument, or the name of the function
  - {call: "Router.{Get,Post,Put,Delete}", method: name, path: 1, handler: 2}
groups:
  - {call: Router.Group, path: 1}
listens:
  - {call: Router.Listen, address: 1}
commands:                 # one of fields, calls, values, tags
  - calls: {command: [{call: Command.New, arg: 1}], run: {call: Command.Run, arg: 1}}
sends:
  - {call: "Client.{Get,Post}", method: name, path: 1}
`, library, strings.Join(otherKinds(Router), ", "))
}

func otherKinds(not Kind) []string {
	var out []string
	for _, k := range kinds {
		if k != not {
			out = append(out, string(k))
		}
	}
	return out
}
