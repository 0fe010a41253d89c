package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// answerForm is a way to write an answer of type T.
type answerForm[T, O any] struct {
	name  string
	write func(io.Writer, T, O) error
}

// answerFormat is the form in which an answer is asked for: by --format, by --json or
// by the name of the file.
type answerFormat[T, O any] struct {
	forms []answerForm[T, O]
	name  string
	json  bool
}

func (f *answerFormat[T, O]) names() []string {
	var out []string
	for _, form := range f.forms {
		out = append(out, form.name)
	}
	return out
}

func (f *answerFormat[T, O]) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "format", "", "how to write it: "+strings.Join(f.names(), ", ")+" (default as the name of the file says, else text)")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(f.names(), cobra.ShellCompDirectiveNoFileComp)))
	cmd.Flags().BoolVar(&f.json, "json", false, "the same as --format json")
}

// choose is the form that is asked for, or that the name of the file says.
func (f *answerFormat[T, O]) choose(file string) (func(io.Writer, T, O) error, error) {
	known := map[string]func(io.Writer, T, O) error{}
	for _, form := range f.forms {
		known[form.name] = form.write
	}
	name := f.name
	switch ending := strings.TrimPrefix(filepath.Ext(file), "."); {
	case f.json && name != "" && name != "json":
		return nil, fmt.Errorf("--json and --format %s exclude each other", name)
	case f.json:
		name = "json"
	case name == "" && known[ending] != nil:
		name = ending
	case name == "":
		name = "text"
	}
	if known[name] == nil {
		return nil, fmt.Errorf("--format %q: the formats are %s", name, strings.Join(f.names(), ", "))
	}
	return known[name], nil
}
