package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callroute/callroute/analyzer/flow"
)

// A shell waits for completions while a person holds a key.
const completionTime = 200 * time.Millisecond

// completeProgram offers the programs.
func (a *app) completeProgram(s *sources) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completions(*s, "", func(k *known) []cobra.Completion { return k.Programs })
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
		return a.completions(*s, args[0], func(k *known) []cobra.Completion { return nextWords(k.Commands[args[0]], args[1:]) })
	}
}

// completions answers from what is known of the sources. What is not known, or
// was learned long ago, another process learns, and the answer waits for it as
// long as a person does not notice.
func (a *app) completions(s sources, program string, answer func(*known) []cobra.Completion) ([]cobra.Completion, cobra.ShellCompDirective) {
	a.progress.stop()
	// cobra parses the flags of a line that it completes twice.
	slices.Sort(s.dirs)
	s.dirs = slices.Compact(s.dirs)
	if s.complete() != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	has := func(k *known) bool {
		return k != nil && (program == "" || k.Commands[program] != nil)
	}
	cache := a.learnedOf(s)
	k := cache.read()
	if !has(k) || time.Since(k.Written) > fresh {
		learning := a.learnAside(s, program)
		for end := time.Now().Add(completionTime); learning && !has(k) && time.Now().Before(end); k = cache.read() {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if !has(k) {
		return cobra.AppendActiveHelp(nil, "callroute is reading the source; ask again in a moment"), cobra.ShellCompDirectiveNoFileComp
	}
	return answer(k), cobra.ShellCompDirectiveNoFileComp
}

// learnAside starts a process that learns what can be traced, and reports
// whether that was possible.
func (a *app) learnAside(s sources, program string) bool {
	self, err := exec.LookPath(os.Args[0])
	if err == nil {
		self, err = filepath.Abs(self)
	}
	if err != nil {
		return false
	}
	args := []string{learnVerb}
	for _, dir := range s.dirs {
		args = append(args, "--src", dir)
	}
	if s.file != "" {
		args = append(args, "--file", s.file)
	}
	if s.tags != "" {
		args = append(args, "--tags", s.tags)
	}
	if program != "" {
		args = append(args, "--", program)
	}
	cmd := exec.Command(self, args...)
	detach(cmd)
	if cmd.Start() != nil {
		return false
	}
	return cmd.Process.Release() == nil
}

const learnVerb = "__learn"

// learnCommand keeps what can be traced for completions. Shells start it.
func (a *app) learnCommand() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:     learnVerb + " [PROGRAM]",
		Short:   "Keep what can be traced for shell completions",
		Long:    "Keep what can be traced for shell completions, which start it.",
		Example: "  callroute " + learnVerb + " --src moby dockerd",
		Hidden:  true,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			program := ""
			if len(args) > 0 {
				program = args[0]
			}
			return a.learn(cmd.Context(), s, program)
		},
	}
	s.register(cmd)
	return cmd
}

// learnTime is how long a process that nobody sees may work.
const learnTime = 5 * time.Minute

func (a *app) learn(ctx context.Context, s sources, program string) error {
	ctx, cancel := context.WithTimeout(ctx, learnTime)
	defer cancel()
	if err := s.complete(); err != nil {
		return err
	}
	an, err := a.analysis(ctx, s)
	if err != nil {
		return err
	}
	cache := a.learnedOf(s)
	if program == "" {
		cache.add(an.Programs(), "", nil)
		return nil
	}
	commands, err := an.Commands(ctx, program)
	if err != nil {
		return err
	}
	cache.add(an.Programs(), program, commands)
	return nil
}

func nextWords(commands []flow.Command, typed []string) []cobra.Completion {
	described := make(map[string]string)
	for _, c := range commands {
		if c.Hidden || len(c.Words) <= len(typed) || !slices.Equal(c.Words[:len(typed)], typed) {
			continue
		}
		next := c.Words[len(typed)]
		if len(c.Words) == len(typed)+1 {
			described[next] = flow.ShortIn(c.Package, c.Func)
		} else if _, ok := described[next]; !ok {
			described[next] = ""
		}
	}
	var words []cobra.Completion
	for word, what := range described {
		words = append(words, cobra.CompletionWithDesc(word, strings.TrimSpace(what)))
	}
	slices.Sort(words)
	return words
}
