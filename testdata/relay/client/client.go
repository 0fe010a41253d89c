// Package client asks relayd over HTTP.
package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Version is the prefix of every path.
const Version = "/v1"

// Letter is what relayd says about a letter.
type Letter struct {
	ID     string
	To     string
	Text   string
	Urgent bool
}

// Client talks to one relayd.
type Client struct {
	host string
	http http.Client
}

// New returns a client of the relayd at host.
func New(host string) *Client { return &Client{host: host} }

// LetterSend posts a letter.
func (c *Client) LetterSend(to, text string, urgent bool) (*Letter, error) {
	var sent Letter
	err := c.post("/letters/"+url.PathEscape(to), Letter{To: to, Text: text, Urgent: urgent}, &sent)
	return &sent, err
}

// LetterRead returns what was written to somebody.
func (c *Client) LetterRead(to string) (string, error) {
	resp, err := c.send(http.MethodGet, fmt.Sprintf("/letters/%s", to), nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// LetterRecall takes the last letter back.
func (c *Client) LetterRecall(to string) error {
	return c.post("/letters/"+url.PathEscape(to)+"/recall", nil, nil)
}

func (c *Client) post(path string, body, reply any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	resp, err := c.send(http.MethodPost, path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if reply == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(reply)
}

func (c *Client) send(method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequest(method, "http://"+c.host+Version+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 400 {
		defer resp.Body.Close()
		return nil, fmt.Errorf("relayd: %s", resp.Status)
	}
	return resp, nil
}
