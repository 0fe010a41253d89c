package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"example.com/relay/api/rounds"
)

type service struct {
	folder string
}

func (s *service) Deliver(ctx context.Context, r *rounds.Round) (*rounds.Round, error) {
	return r, s.scribe(ctx, "write", r.To, r.Text)
}

func (s *service) Return(ctx context.Context, r *rounds.Round) (*rounds.Round, error) {
	return r, s.scribe(ctx, "erase", r.To, "")
}

// scribe hands the text over on standard input.
func (s *service) scribe(ctx context.Context, action, to, text string) error {
	cmd := exec.CommandContext(ctx, "scribe", "-folder", s.folder, action, to)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scribe %s: %s: %w", action, out, err)
	}
	return nil
}
