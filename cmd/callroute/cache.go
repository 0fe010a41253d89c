package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/store"
)

// storeOf is where results are kept, nil for nowhere.
func (a *app) storeOf(s sources) *store.Store {
	dir := a.cacheDir()
	if dir == "" || s.noCache {
		return nil
	}
	return store.Open(dir, 0, func(err error) { a.unkept = err })
}

// cacheDir is the folder of the cache, empty for none.
func (a *app) cacheDir() string {
	dir := a.getenv("CALLROUTE_CACHE")
	switch {
	case dir == "off":
		return ""
	case dir != "":
		if abs, err := filepath.Abs(dir); err == nil {
			return abs
		}
		return ""
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(user, "callroute")
}

var errNoCache = errors.New("there is no cache: CALLROUTE_CACHE is off, or neither HOME nor XDG_CACHE_HOME is set")

func (a *app) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Tell of the cache, or empty it",
		Long: `Callroute keeps what it finds out about a program, so that it analyzes that
again only when one of its files has changed. Each answer is checked against the
files as they are now. Comments do not count as a change as long as no line moves.

The cache is a folder: what CALLROUTE_CACHE names, else callroute in the user's
folder for caches. CALLROUTE_CACHE=off, and --no-cache with each verb, does
without. It may be deleted at any time; what was used least lately goes when it
is larger than its limit.`,
		Example: `  callroute cache info
  callroute cache clean
  CALLROUTE_CACHE=off callroute trace docker update`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("cache has no verb %q; it has info and clean", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(a.cacheInfoCommand(), a.cacheCleanCommand())
	return cmd
}

func (a *app) cacheInfoCommand() *cobra.Command {
	output, asJSON := output{app: a}, false
	cmd := &cobra.Command{
		Use:               "info",
		Short:             "Say where the cache is and how much is in it",
		Long:              "Say where the cache is and how much is in it.",
		Example:           "  callroute cache info\n  callroute cache info --json",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			st := a.storeOf(sources{})
			if st == nil {
				return errNoCache
			}
			info, err := st.Info()
			if err != nil {
				return err
			}
			return output.write(func(w io.Writer) error {
				if asJSON {
					return json.NewEncoder(w).Encode(info)
				}
				_, err := fmt.Fprintf(w, "%s\n%d files, %.1f MB of at most %.1f MB\n", info.Dir, info.Files, megabytes(info.Size), megabytes(info.Limit))
				return err
			})
		},
	}
	output.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }

func (a *app) cacheCleanCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "clean",
		Short:             "Delete all that was kept",
		Long:              "Delete all that was kept, and nothing else in the folder.",
		Example:           "  callroute cache clean",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			st := a.storeOf(sources{})
			if st == nil {
				return errNoCache
			}
			return st.Clean()
		},
	}
}
