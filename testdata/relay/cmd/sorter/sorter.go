package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"example.com/relay/api/letters"
	"example.com/relay/api/rounds"
)

type sorter struct {
	folder string
	last   atomic.Int64
}

func (s *sorter) Accept(ctx context.Context, l *letters.Letter) (*letters.Letter, error) {
	text := l.Text
	if l.Urgent {
		text = "URGENT " + text
	}
	c, err := startCourier(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	defer c.dismiss()
	if _, err := c.Deliver(ctx, &rounds.Round{To: l.To, Text: text}); err != nil {
		return nil, err
	}
	return &letters.Letter{ID: fmt.Sprint("letter-", s.last.Add(1))}, nil
}

func (s *sorter) Recall(ctx context.Context, l *letters.Letter) (*letters.Letter, error) {
	c, err := startCourier(ctx, s.folder)
	if err != nil {
		return nil, err
	}
	defer c.dismiss()
	_, err = c.Return(ctx, &rounds.Round{To: l.To})
	return &letters.Letter{}, err
}

// Show needs no courier.
func (s *sorter) Show(ctx context.Context, l *letters.Letter) (*letters.Letter, error) {
	text, err := os.ReadFile(filepath.Join(s.folder, filepath.Base(l.To)+".txt"))
	return &letters.Letter{Text: string(text)}, err
}
