// Package minio is a stand-in for tests of minio/minio-go: real names and
// signatures.
package minio

import (
	"context"
	"io"
)

type (
	Options           struct{ Region string }
	PutObjectOptions  struct{ ContentType string }
	StatObjectOptions struct{ Checksum bool }
	UploadInfo        struct{ Key string }
	ObjectInfo        struct{ Key string }
)

type Client struct{ region string }

func New(endpoint string, opts *Options) (*Client, error) { return &Client{opts.Region}, nil }

func (c *Client) PutObject(ctx context.Context, bucketName, objectName string, reader io.Reader, objectSize int64,
	opts PutObjectOptions,
) (info UploadInfo, err error) {
	return UploadInfo{}, nil
}

func (c *Client) StatObject(ctx context.Context, bucketName, objectName string, opts StatObjectOptions) (ObjectInfo, error) {
	return ObjectInfo{}, nil
}
