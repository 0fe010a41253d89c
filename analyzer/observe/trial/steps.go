package trial

import (
	"fmt"
	"os"
	"strings"
)

// ReadSteps reads a list of steps from a file. A line begins with a sign:
//
//	# text   a comment
//	+ text   a shell script that prepares something
//	$ words  a command to observe, with quotes and $NAME as in a shell
func ReadSteps(file string) ([]Step, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var steps []Step
	commands := 0
	for i, line := range strings.Split(string(data), "\n") {
		where := fmt.Sprintf("%s:%d", file, i+1)
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		rest := strings.TrimSpace(line[1:])
		switch line[0] {
		case '+':
			steps = append(steps, Step{Script: rest, Where: where})
		case '$':
			words, err := Words(rest)
			if err != nil {
				return nil, fmt.Errorf("%s: no command: %w", where, err)
			}
			if len(words) == 0 {
				return nil, fmt.Errorf("%s: no command behind the $", where)
			}
			steps = append(steps, Step{Command: words, Where: where})
			commands++
		default:
			return nil, fmt.Errorf("%s: a line begins with `# `, `+ ` (prepare) or `$ ` (observe)", where)
		}
	}
	if commands == 0 {
		return nil, fmt.Errorf("%s: no command to observe; begin its line with `$ `", file)
	}
	return steps, nil
}

// Words splits a command line at blanks that are not in quotes.
func Words(line string) ([]string, error) {
	var (
		words  []string
		word   strings.Builder
		inWord bool
		quote  rune
	)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is open", quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
