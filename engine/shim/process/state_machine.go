package process

import (
	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/types"
)

// verb is what is done to a process.
type verb string

const (
	verbStart      verb = "start"
	verbPause      verb = "pause"
	verbUnpause    verb = "resume"
	verbUpdate     verb = "update"
	verbCheckpoint verb = "checkpoint"
	verbExec       verb = "exec in"
	verbKill       verb = "kill"
	verbResize     verb = "resize"
	verbRemove     verb = "delete"
)

// A state is what a process is doing. It says which verbs are possible and to
// which state each leads:
//
//	created ──start──▶ running ──pause──▶ paused
//	   │                 │  ◀──resume──     │
//	   └──exit──▶ stopped ◀──exit───────exit┘
//	                 └──delete──▶ deleted
type state interface {
	// after is the state that a verb leads to, or why the verb is impossible.
	after(verb) (state, error)
	// ended is the state that the process's end leads to.
	ended(types.Exit) state
	status() types.Status
}

// created is a process that waits for start. The runtime has made the init
// process already; it waits in its last step. Another process is but a plan.
type created struct{}

// running is a process at work.
type running struct{}

// paused is a process whose container is frozen.
type paused struct{}

// stopped is a process that is over.
type stopped struct{ exit types.Exit }

// deleted is a process that left nothing behind.
type deleted struct{ exit types.Exit }

func (s created) after(v verb) (state, error) {
	switch v {
	case verbStart:
		return running{}, nil
	case verbKill, verbUpdate, verbResize:
		return s, nil
	case verbRemove:
		return deleted{}, nil
	}
	return nil, impossible(s, v)
}

func (s running) after(v verb) (state, error) {
	switch v {
	case verbPause:
		return paused{}, nil
	case verbKill, verbUpdate, verbResize, verbExec, verbCheckpoint:
		return s, nil
	}
	return nil, impossible(s, v)
}

func (s paused) after(v verb) (state, error) {
	switch v {
	case verbUnpause:
		return running{}, nil
	case verbKill, verbUpdate, verbResize, verbCheckpoint:
		return s, nil
	}
	return nil, impossible(s, v)
}

func (s stopped) after(v verb) (state, error) {
	switch v {
	case verbRemove:
		return deleted(s), nil
	case verbKill:
		return nil, errdefs.NotFound("process already finished")
	}
	return nil, impossible(s, v)
}

func (s deleted) after(verb) (state, error) {
	return nil, errdefs.NotFound("process is deleted")
}

func (created) ended(exit types.Exit) state { return stopped{exit} }
func (running) ended(exit types.Exit) state { return stopped{exit} }
func (paused) ended(exit types.Exit) state  { return stopped{exit} }
func (s stopped) ended(types.Exit) state    { return s }
func (s deleted) ended(types.Exit) state    { return s }

func (created) status() types.Status { return types.StatusCreated }
func (running) status() types.Status { return types.StatusRunning }
func (paused) status() types.Status  { return types.StatusPaused }
func (stopped) status() types.Status { return types.StatusStopped }
func (deleted) status() types.Status { return types.StatusDeleted }

// impossible is the error of a verb that a state does not take.
func impossible(s state, v verb) error {
	return errdefs.Conflict("cannot %s a %s process", v, s.status())
}
