package execprogram

import (
	"path"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/eval"
)

// prefix is how a program reads its command line that runs another one, which its own
// words name: nice -n 10 prog arg.
type prefix struct {
	values   string   // the letters of options that are followed by a value
	long     []string // the long ones that are, when they are not written with =
	operands int      // words before the program
	assigns  bool     // words NAME=VALUE may stand before it, too
}

// prefixes is the programs of POSIX and of usual systems that run another one.
var prefixes = map[string]prefix{
	"chroot":  {operands: 1},
	"chrt":    {values: "TPD", operands: 1},
	"doas":    {values: "uC"},
	"env":     {values: "uCS", long: []string{"--unset", "--chdir"}, assigns: true},
	"flock":   {values: "wE", operands: 1},
	"ionice":  {values: "cn", long: []string{"--class", "--classdata"}},
	"nice":    {values: "n", long: []string{"--adjustment"}},
	"nohup":   {},
	"nsenter": {values: "tSGN", long: []string{"--target", "--setuid", "--setgid"}},
	"runuser": {values: "ugG", long: []string{"--user", "--group"}},
	"setpriv": {long: []string{"--reuid", "--regid", "--groups"}},
	"setsid":  {},
	"stdbuf":  {values: "ioe", long: []string{"--input", "--output", "--error"}},
	"sudo":    {values: "ugphCTrtDRU", long: []string{"--user", "--group", "--prompt", "--host", "--chdir"}, assigns: true},
	"taskset": {operands: 1},
	"time":    {values: "fo"},
	"timeout": {values: "ks", long: []string{"--kill-after", "--signal"}, operands: 1},
	"unshare": {values: "SGRw"},
}

// maxPrefixes is more programs than stand one before the other.
const maxPrefixes = 5

// behind is the command that a program is started for which runs another one: the
// command itself where it is no such program, or where its words are not known up to
// that one.
func (f *finder) behind(c *eval.Context, cmd command) command {
	for range maxPrefixes {
		if len(cmd.names) != 1 {
			return cmd
		}
		name, ok := cmd.names[0].Const()
		p, isPrefix := prefixes[path.Base(name)]
		if !ok || !isPrefix {
			return cmd
		}
		rest, ok := p.after(c, cmd.argv.Elems)
		if !ok {
			return cmd
		}
		next := command{argv: eval.List{Elems: rest[1:]}}
		for _, v := range c.Element(rest[0]) {
			next.names = append(next.names, f.nameOf(v))
		}
		cmd = next
	}
	return cmd
}

// after is the words from the program on; ok is false where there is none, or where
// they are not known.
func (p prefix) after(c *eval.Context, words []eval.Elem) (rest []eval.Elem, ok bool) {
	options, operands := true, p.operands
	for i := 0; i < len(words); i++ {
		if words[i].Rest || words[i].Optional {
			return nil, false
		}
		word := ""
		if values := c.Element(words[i]); len(values) == 1 {
			word, _ = eval.AsText(values[0]).Const()
		}
		switch {
		case options && word == "--":
			options = false
		case options && len(word) > 1 && word[0] == '-':
			if p.takesValue(word) {
				i++
			}
		case p.assigns && strings.Contains(word, "="):
			options = false
		case operands > 0:
			options = false
			operands--
		default:
			return words[i:], true
		}
	}
	return nil, false
}

// takesValue reports whether the word after an option is its value.
func (p prefix) takesValue(option string) bool {
	if strings.HasPrefix(option, "--") {
		return slices.Contains(p.long, option)
	}
	return strings.IndexByte(p.values, option[len(option)-1]) >= 0
}
