package diagram

import (
	"fmt"
	"strings"
)

// darkColors are what the colors of DOT's pictures become where dark ones are
// preferred: those of areas, and those of lines and letters.
var (
	darkAreas = [][2]string{
		{"white", "#0d1117"},
		{"#ffffff", "#0d1117"},
		{colors[0][0], "#131d2b"},
		{colors[1][0], "#2a1d12"},
		{colors[2][0], "#12241a"},
		{colors[3][0], "#231829"},
		{colors[4][0], "#2c161b"},
		{colors[5][0], "#10262a"},
		{colors[6][0], "#262213"},
		{spineLine, "#e6edf3"},
		{otherLine, "#8b949e"}, // the heads of arrows
	}
	darkLines = [][2]string{
		{"black", "#e6edf3"},
		{spineLine, "#e6edf3"},
		{otherLine, "#8b949e"},
		{gapLine, "#ff8e86"},
		{colors[0][1], "#79b0f2"},
		{colors[1][1], "#e0a068"},
		{colors[2][1], "#7cc785"},
		{colors[3][1], "#c79be0"},
		{colors[4][1], "#f0909e"},
		{colors[5][1], "#73c4cd"},
		{colors[6][1], "#cdbb66"},
	}
	darkText = [][2]string{
		{"black", "#e6edf3"},
		{spineLine, "#e6edf3"},
		{gapLine, "#ff8e86"},
		{"#666666", "#9da7b1"},
		{"#5a5a5a", "#9da7b1"},
		{"#6b6b6b", "#9da7b1"},
	}
)

// DarkStyle is a style sheet for the SVG that Graphviz makes of DOT. The colors
// stand in attributes there, which a style sheet has the last word over.
func DarkStyle() string {
	var b strings.Builder
	b.WriteString("@media (prefers-color-scheme: dark) {\n")
	rules := func(element, attribute string, pairs [][2]string) {
		for _, p := range pairs {
			fmt.Fprintf(&b, "%s[%s=\"%s\"] { %s: %s }\n", element, attribute, p[0], attribute, p[1])
		}
	}
	rules(":is(polygon, path, ellipse)", "fill", darkAreas)
	rules(":is(polygon, path, ellipse, polyline)", "stroke", darkLines)
	b.WriteString("text:not([fill]) { fill: #e6edf3 }\n")
	rules("text", "fill", darkText)
	b.WriteString("}\n")
	return b.String()
}
