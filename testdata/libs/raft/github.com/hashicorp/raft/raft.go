// Package raft is a stand-in for tests of hashicorp/raft: real names and
// signatures.
package raft

import (
	"io"
	"time"
)

type Log struct {
	Index uint64
	Data  []byte
}

type FSM interface {
	Apply(*Log) interface{}
	Snapshot() (FSMSnapshot, error)
	Restore(snapshot io.ReadCloser) error
}

type FSMSnapshot interface{ Release() }

type Future interface{ Error() error }

type ApplyFuture interface {
	Future
	Index() uint64
	Response() interface{}
}

type (
	Config        struct{ LocalID string }
	LogStore      interface{ GetLog(uint64, *Log) error }
	StableStore   interface{ Get([]byte) ([]byte, error) }
	SnapshotStore interface{ List() error }
	Transport     interface{ LocalAddr() string }
)

type Raft struct {
	fsm  FSM
	logs chan *Log
}

func NewRaft(conf *Config, fsm FSM, logs LogStore, stable StableStore, snaps SnapshotStore, trans Transport) (*Raft, error) {
	r := &Raft{fsm, make(chan *Log)}
	go r.run()
	return r, nil
}

func (r *Raft) run() {
	for l := range r.logs {
		r.fsm.Apply(l)
	}
}

func (r *Raft) Apply(cmd []byte, timeout time.Duration) ApplyFuture {
	return r.ApplyLog(Log{Data: cmd}, timeout)
}

func (r *Raft) ApplyLog(log Log, timeout time.Duration) ApplyFuture {
	r.logs <- &log
	return nil
}
