package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/report"
)

// format is a way to write a flow. It is also the value of a flag.
type format struct {
	name string
	view func(io.Writer, *flow.Flow, report.TextOptions) error
}

var (
	textFormat = format{"text", report.Text}
	jsonFormat = format{"json", func(w io.Writer, f *flow.Flow, _ report.TextOptions) error { return report.JSON(w, f) }}

	formats = []format{textFormat, jsonFormat}
)

func formatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

func (f format) write(result *flow.Flow, o report.TextOptions) func(io.Writer) error {
	return func(w io.Writer) error { return f.view(w, result, o) }
}

// Set chooses a format by name.
func (f *format) Set(name string) error {
	for _, known := range formats {
		if known.name == name {
			*f = known
			return nil
		}
	}
	return fmt.Errorf("the formats are %s", strings.Join(formatNames(), ", "))
}

func (f *format) String() string { return f.name }

// Type is shown as the flag's argument in help texts.
func (f *format) Type() string { return "FORMAT" }
