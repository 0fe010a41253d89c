// Package s3 is a stand-in for tests of the AWS SDK: real names and signatures.
package s3

import "context"

type (
	Options         struct{ Region string }
	PutObjectInput  struct{ Bucket, Key *string }
	PutObjectOutput struct{ ETag *string }
	GetObjectInput  struct{ Bucket, Key *string }
	GetObjectOutput struct{ ETag *string }
)

type Client struct{ options Options }

func New(options Options, optFns ...func(*Options)) *Client { return &Client{options} }

func (c *Client) PutObject(ctx context.Context, params *PutObjectInput, optFns ...func(*Options)) (*PutObjectOutput, error) {
	return nil, nil
}

func (c *Client) GetObject(ctx context.Context, params *GetObjectInput, optFns ...func(*Options)) (*GetObjectOutput, error) {
	return nil, nil
}
