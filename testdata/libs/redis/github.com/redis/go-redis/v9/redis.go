// Package redis is a stand-in for tests of redis/go-redis: real names and
// signatures.
package redis

import (
	"context"
	"time"
)

type Cmder interface{ Name() string }

type (
	StatusCmd struct{ val string }
	StringCmd struct{ val string }
	Options   struct{ Addr string }
)

func (c *StatusCmd) Name() string { return "set" }
func (c *StringCmd) Name() string { return "get" }

type cmdable func(ctx context.Context, cmd Cmder) error

func (c cmdable) Set(ctx context.Context, key string, value interface{}, expiration time.Duration) *StatusCmd {
	cmd := &StatusCmd{}
	_ = c(ctx, cmd)
	return cmd
}

func (c cmdable) Get(ctx context.Context, key string) *StringCmd {
	cmd := &StringCmd{}
	_ = c(ctx, cmd)
	return cmd
}

type Client struct{ cmdable }

func NewClient(opt *Options) *Client {
	return &Client{func(context.Context, Cmder) error { return nil }}
}
