package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// mostOfRole is how many places of one role are listed.
const mostOfRole = 40

// Touch writes what a change must touch, by source and role.
func Touch(w io.Writer, t *flow.Touch, o TextOptions) error {
	var out bytes.Buffer
	p := paint{o.Color}
	title := "a property like " + strings.Join(append(append([]string{t.Program}, t.Command...), "--"+t.Like), " ")
	if t.As != "" {
		title = "--" + t.As + ", " + title
	}
	fmt.Fprintln(&out, p.title(title))
	if len(t.Sources) == 0 {
		fmt.Fprintln(&out, "\nNothing names it.")
	}
	for i, s := range t.Sources {
		fmt.Fprintf(&out, "\n%s\n", p.program(fmt.Sprintf("%d. %s", i+1, s.Dir)))
		role, n := "", 0
		for _, x := range s.Places {
			if x.Role != role {
				if n > mostOfRole {
					fmt.Fprintln(&out, indent, p.aside(fmt.Sprintf("… %d more", n-mostOfRole)))
				}
				role, n = x.Role, 0
				fmt.Fprintf(&out, "\n%s%s\n", indent, p.title(role))
			}
			if n++; n > mostOfRole {
				continue
			}
			mark := " "
			if x.Patched {
				mark = "+"
			}
			fmt.Fprintf(&out, "%s%s %s  %s\n", indent, mark, p.place(place(x.Site)), clipped(printable(x.Code), 100))
		}
		if n > mostOfRole {
			fmt.Fprintln(&out, indent, p.aside(fmt.Sprintf("… %d more", n-mostOfRole)))
		}
	}
	if t.As != "" {
		fmt.Fprintf(&out, "\nWhat is marked with + is in the patch, which --patch writes.\n")
	}
	_, err := w.Write(out.Bytes())
	return err
}
