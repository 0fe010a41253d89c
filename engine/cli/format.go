package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"
)

// formatFlag is the help of --format where rows are shown.
const formatFlag = `Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template`

// inspectFormatFlag is the help of --format where one thing is shown.
const inspectFormatFlag = `Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template`

// table is rows of one kind. A row is a struct of strings whose fields are
// docker's names for the columns, in alphabetical order, as JSON shows them.
type table[Row any] struct {
	format string // of the command line: empty, table, json, "table TEMPLATE" or TEMPLATE
	usual  string // the columns of "table" alone, a template
	header Row    // the columns' titles
}

// write shows rows.
func (t table[Row]) write(w io.Writer, rows []Row) error {
	format := t.format
	if format == "" || format == "table" {
		format = "table " + t.usual
	}
	columns, isTable := strings.CutPrefix(format, "table ")
	if isTable {
		columns = strings.TrimSpace(columns)
	}
	parsed, err := parseFormat("", columns)
	if err != nil {
		return fmt.Errorf("failed to parse template: %w", err)
	}
	parsed.Funcs(rowFunctions[Row]())
	if isTable {
		aligned := tabwriter.NewWriter(w, 10, 1, 3, ' ', 0)
		if err := parsed.Funcs(headerFunctions()).Execute(aligned, t.header); err != nil {
			return fmt.Errorf("failed to execute template: %w", err)
		}
		fmt.Fprintln(aligned)
		if err := writeRows(aligned, parsed.Funcs(templateFunctions()).Funcs(rowFunctions[Row]()), rows); err != nil {
			return err
		}
		return aligned.Flush()
	}
	return writeRows(w, parsed, rows)
}

func writeRows[Row any](w io.Writer, format *template.Template, rows []Row) error {
	for _, row := range rows {
		// A row is written whole or not at all.
		var line bytes.Buffer
		if err := format.Execute(&line, row); err != nil {
			return fmt.Errorf("failed to execute template: %w", err)
		}
		line.WriteByte('\n')
		if _, err := line.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// parseFormat parses a template; "json" is one too. In words of the command
// line \t and \n stand for the characters.
func parseFormat(name, format string) (*template.Template, error) {
	if strings.TrimSpace(format) == "json" {
		format = "{{json .}}"
	}
	format = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(format)
	parsed, err := template.New(name).Funcs(templateFunctions()).Parse(format)
	if err != nil {
		return nil, err
	}
	return parsed, nil
}

// templateFunctions are docker's additions to text/template.
func templateFunctions() template.FuncMap {
	return template.FuncMap{
		"json":     encodeJSON,
		"split":    strings.Split,
		"join":     strings.Join,
		"title":    title,
		"lower":    strings.ToLower,
		"upper":    strings.ToUpper,
		"pad":      pad,
		"truncate": truncate,
	}
}

// rowFunctions write a whole row as docker does, with < and > as \u003c and
// \u003e, and single columns as they are.
func rowFunctions[Row any]() template.FuncMap {
	return template.FuncMap{"json": func(v any) (string, error) {
		if row, ok := v.(Row); ok {
			encoded, err := json.Marshal(row)
			return string(encoded), err
		}
		return encodeJSON(v)
	}}
}

// headerFunctions leave the title of a column as it is.
func headerFunctions() template.FuncMap {
	same := func(v string) string { return v }
	return template.FuncMap{
		"json":     same,
		"title":    same,
		"lower":    same,
		"upper":    same,
		"truncate": func(v string, _ int) string { return v },
		"split":    func(v, _ string) string { return v },
		"join":     func(v, _ string) string { return v },
	}
}

func encodeJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}

// title makes the first letter of each word upper case.
func title(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func pad(s string, before, after int) string {
	if s == "" {
		return s
	}
	return strings.Repeat(" ", before) + s + strings.Repeat(" ", after)
}

func truncate(s string, length int) string {
	if runes := []rune(s); len(runes) > length {
		return string(runes[:length])
	}
	return s
}

// ellipsis shortens a text to a number of characters, the last of which shows
// that there was more.
func ellipsis(s string, length int) string {
	runes := []rune(s)
	if len(runes) <= length {
		return s
	}
	return string(runes[:length-1]) + "…"
}

// shortID is an ID as people type it.
func shortID(id string) string {
	_, hex, found := strings.Cut(id, ":")
	if !found {
		hex = id
	}
	return truncate(hex, 12)
}

// checkFormat is parseFormat for one thing, whose errors have a code of their
// own.
func checkFormat(name, format string) (*template.Template, error) {
	parsed, err := parseFormat(name, format)
	if err != nil {
		return nil, &exitError{code: 64, message: fmt.Sprintf("template parsing error: %v", err)}
	}
	return parsed, nil
}

// showObject shows one thing by a template: as JSON if that is asked for.
func showObject[T any](w io.Writer, name, format string, object T) error {
	parsed, err := checkFormat(name, format)
	if err != nil {
		return err
	}
	parsed.Funcs(rowFunctions[T]())
	var line bytes.Buffer
	if err := parsed.Execute(&line, object); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err = line.WriteTo(w)
	return err
}
