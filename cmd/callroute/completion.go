package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
)

// A shell waits for completions while a person holds a key.
const completionTime = 5 * time.Second

// completeProgram offers the programs.
func (a *app) completeProgram(s *sources) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completions(cmd, *s, func(_ context.Context, an analysis) ([]cobra.Completion, error) {
			return an.Programs(), nil
		})
	}
}

// completePrograms offers the programs again and again.
func (a *app) completePrograms(s *sources) cobra.CompletionFunc {
	programs := a.completeProgram(s)
	return func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return programs(cmd, nil, word)
	}
}

// completeCommand offers a program, then the next word of its commands.
func (a *app) completeCommand(s *sources) cobra.CompletionFunc {
	programs := a.completeProgram(s)
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return programs(cmd, args, word)
		}
		return a.completions(cmd, *s, func(ctx context.Context, an analysis) ([]cobra.Completion, error) {
			commands, err := an.Commands(ctx, args[0])
			return nextWords(commands, args[1:]), err
		})
	}
}

// completions asks the analyzer, quietly: a shell has no use for its errors.
func (a *app) completions(cmd *cobra.Command, s sources, ask func(context.Context, analysis) ([]cobra.Completion, error)) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	a.progress.stop()
	// cobra parses the flags of a line that it completes twice.
	slices.Sort(s.dirs)
	s.dirs = slices.Compact(s.dirs)
	an, err := a.analysis(ctx, s)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words, err := ask(ctx, an)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func nextWords(commands []flow.Command, typed []string) []cobra.Completion {
	described := make(map[string]string)
	for _, c := range commands {
		if c.Hidden || len(c.Words) <= len(typed) || !slices.Equal(c.Words[:len(typed)], typed) {
			continue
		}
		next := c.Words[len(typed)]
		if len(c.Words) == len(typed)+1 {
			described[next] = c.Func[strings.LastIndexByte(c.Func, '/')+1:]
		} else if _, ok := described[next]; !ok {
			described[next] = ""
		}
	}
	var words []cobra.Completion
	for word, what := range described {
		words = append(words, cobra.CompletionWithDesc(word, what))
	}
	slices.Sort(words)
	return words
}
