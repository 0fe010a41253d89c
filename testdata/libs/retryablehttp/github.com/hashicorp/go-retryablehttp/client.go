// Package retryablehttp is a stand-in for tests of hashicorp/go-retryablehttp:
// real names and signatures.
package retryablehttp

import "net/http"

type Request struct{ *http.Request }

type Client struct {
	HTTPClient *http.Client
	RetryMax   int
}

func NewClient() *Client { return &Client{HTTPClient: &http.Client{}} }

func FromRequest(r *http.Request) (*Request, error) { return &Request{r}, nil }

func NewRequest(method, url string, rawBody interface{}) (*Request, error) {
	r, err := http.NewRequest(method, url, nil)
	return &Request{r}, err
}

func (c *Client) Do(req *Request) (*http.Response, error) { return c.HTTPClient.Do(req.Request) }

func (c *Client) Get(url string) (*http.Response, error) {
	req, err := NewRequest("GET", url, nil)
	if err != nil {
		return nil, err
	}
	return c.Do(req)
}
