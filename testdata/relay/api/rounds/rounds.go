// Package rounds is the courier's ttrpc service.
package rounds

// Round is one walk of a courier.
type Round struct {
	To   string
	Text string
}
