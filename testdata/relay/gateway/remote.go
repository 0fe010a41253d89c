package gateway

import (
	"context"

	"google.golang.org/grpc"

	"example.com/relay/api/letters"
)

type remote struct {
	sorter letters.SorterClient
}

// Remote is a sorter in another process.
func Remote(cc grpc.ClientConnInterface) Sorter {
	return &remote{letters.NewSorterClient(cc)}
}

func (r *remote) Accept(ctx context.Context, to, text string, urgent bool) (string, error) {
	reply, err := r.sorter.Accept(ctx, &letters.Letter{To: to, Text: text, Urgent: urgent})
	if err != nil {
		return "", err
	}
	return reply.ID, nil
}

func (r *remote) Recall(ctx context.Context, to string) error {
	_, err := r.sorter.Recall(ctx, &letters.Letter{To: to})
	return err
}

func (r *remote) Show(ctx context.Context, to string) (string, error) {
	reply, err := r.sorter.Show(ctx, &letters.Letter{To: to})
	if err != nil {
		return "", err
	}
	return reply.Text, nil
}
