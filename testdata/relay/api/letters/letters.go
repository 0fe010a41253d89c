// Package letters is the sorter's gRPC service.
package letters

// Letter is both request and reply.
type Letter struct {
	ID     string
	To     string
	Text   string
	Urgent bool
}
