package main

import (
	"io"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/webui"
)

// writePage writes a flow as one HTML file: the article and the explorer.
func writePage(w io.Writer, f *flow.Flow, o viewOptions) error {
	return webui.Page(w, f, webui.Options{Lang: o.lang})
}
