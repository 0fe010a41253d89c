// Package resty is a stand-in for tests of go-resty/resty: real names and
// signatures.
package resty

import "net/http"

type Client struct {
	BaseURL string

	client *http.Client
}

type Request struct {
	URL, Method string

	client *Client
	params map[string]string
}

type Response struct{ RawResponse *http.Response }

func New() *Client { return &Client{client: &http.Client{}} }

func (c *Client) SetBaseURL(url string) *Client          { c.BaseURL = url; return c }
func (c *Client) SetHeader(header, value string) *Client { return c }
func (c *Client) R() *Request                            { return &Request{client: c} }

func (r *Request) SetBody(body interface{}) *Request         { return r }
func (r *Request) SetPathParam(param, value string) *Request { return r }
func (r *Request) Get(url string) (*Response, error)         { return r.Execute("GET", url) }
func (r *Request) Post(url string) (*Response, error)        { return r.Execute("POST", url) }
func (r *Request) Delete(url string) (*Response, error)      { return r.Execute("DELETE", url) }

func (r *Request) Execute(method, url string) (*Response, error) {
	req, err := http.NewRequest(method, r.client.BaseURL+url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.client.client.Do(req)
	return &Response{resp}, err
}
