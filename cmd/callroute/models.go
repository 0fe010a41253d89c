package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/models"
)

type modelsOptions struct {
	library string // empty: all
	file    string
	output  output
}

func (a *app) modelsCommand() *cobra.Command {
	o := &modelsOptions{output: output{app: a}}
	cmd := &cobra.Command{
		Use:   "models [LIBRARY]",
		Short: "List what is known of libraries",
		Long: `List the libraries of which a model says what they do to control flow, which
versions it was checked against, and what is missing. With the import path of a
LIBRARY, write its model: one of the same form can stand in callroute.yaml.
A library that is not known gets a model to fill in.`,
		Example: `  callroute models
  callroute models github.com/gin-gonic/gin
  callroute models -f callroute.yaml`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("models takes one LIBRARY, not %d", len(args))
			}
			if len(args) == 1 {
				o.library = args[0]
			}
			return a.models(o)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "system `FILE` with more models (default callroute.yaml where it is)")
	must(cmd.MarkFlagFilename("file", "yaml", "yml"))
	o.output.register(cmd)
	return cmd
}

func (a *app) models(o *modelsOptions) error {
	if err := o.output.check(); err != nil {
		return err
	}
	if _, err := os.Stat(systemFile); o.file == "" && err == nil {
		o.file = systemFile
	}
	known, err := readModels(sources{file: o.file})
	if err != nil {
		return err
	}
	return o.output.write(func(w io.Writer) error {
		if o.library == "" {
			return listModels(w, known)
		}
		m := known.Of(o.library)
		if m == nil {
			_, err := io.WriteString(w, models.Skeleton(o.library))
			return err
		}
		text, err := m.Text()
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	})
}

func listModels(w io.Writer, known *models.Set) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range known.All {
		said := strings.Join(m.Checked, ", ")
		switch m.Support {
		case models.Partly, models.Not:
			said = fmt.Sprintf("%s: %s", m.Support, m.Why)
		}
		where := ""
		if m.User {
			where = fmt.Sprintf("%s:%d", m.File, m.Line)
		}
		fmt.Fprintln(t, strings.TrimRight(fmt.Sprintf("%s\t%s\t%s\t%s", m.Library, m.Kind, said, where), "\t"))
	}
	return t.Flush()
}
