package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/store"
)

// sources are the flags that say what to study.
type sources struct {
	dirs    []string
	file    string
	tags    string
	noCache bool
	store   *store.Store // where results are kept; nil for nowhere

	libraries bool // that build no command are answered from exported functions on
}

func (s *sources) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&s.dirs, "src", nil, "`DIR` with Go source, may be repeated (default callroute.yaml, else .)")
	flags.StringVarP(&s.file, "file", "f", "", "system `FILE` to use instead of --src, as in callroute.yaml")
	flags.StringVar(&s.tags, "tags", "", "comma-separated build `TAGS`, as for go build")
	flags.BoolVar(&s.noCache, "no-cache", false, "neither use nor keep results, see callroute cache")
	must(cmd.MarkFlagDirname("src"))
	must(cmd.MarkFlagFilename("file", "yaml", "yml"))
}

// systemFile describes the system when nothing else is named and it is there.
const systemFile = "callroute.yaml"

// must is for errors that only a misspelt flag name in this program causes.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// analysis opens the sources, showing progress.
func (a *app) analysis(ctx context.Context, s sources) (analysis, error) {
	if err := s.complete(); err != nil {
		return nil, err
	}
	s.store = a.storeOf(s)
	return a.open(ctx, s, a.progress.say)
}

// complete says what is studied where the flags do not.
func (s *sources) complete() error {
	switch {
	case s.file != "" && len(s.dirs) > 0:
		return errors.New("--src and --file exclude each other: list the folder in the file")
	case slices.Contains(s.dirs, ""):
		return errors.New("--src is empty")
	case s.file == "" && len(s.dirs) == 0:
		if _, err := os.Stat(systemFile); err == nil {
			s.file = systemFile
		} else {
			s.dirs = []string{"."}
		}
	}
	return nil
}
