package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// Code writes functions with their places and line numbers.
func Code(w io.Writer, code []flow.Excerpt) error {
	var out bytes.Buffer
	for i, e := range code {
		if i > 0 {
			out.WriteByte('\n')
		}
		fmt.Fprintf(&out, "%s  %s in %s\n", flow.Short(e.Func), place(e.Site), strings.Join(e.Programs, ", "))
		line := e.Line
		for text := range strings.Lines(e.Text) {
			fmt.Fprintf(&out, "%5d  %s\n", line, strings.TrimRight(text, "\r\n"))
			line++
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}
