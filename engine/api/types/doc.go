// Package types is what crosses the wire between the engine's command line
// and its daemon: Docker's API types, and what the engine adds to them.
//
// Docker's own requests, answers and options are used as they are, from
// github.com/moby/moby/api/types. A type stands here only where the engine
// adds a field to one of them or where Docker keeps a query in its client.
// Every type encodes to JSON that Docker's client and daemon accept: a field
// of ours is one they ignore.
package types
