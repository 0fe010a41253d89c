package process

import (
	"testing"

	cerrdefs "github.com/containerd/errdefs"

	"github.com/callroute/callroute/engine/shim/types"
)

func TestStateMachine(t *testing.T) {
	verbs := []verb{verbStart, verbPause, verbUnpause, verbUpdate, verbCheckpoint, verbExec, verbKill, verbResize, verbRemove}
	for _, test := range []struct {
		from state
		to   map[verb]types.Status // of the verbs that are possible
	}{
		{created{}, map[verb]types.Status{
			verbStart: types.StatusRunning, verbUpdate: types.StatusCreated, verbKill: types.StatusCreated,
			verbResize: types.StatusCreated, verbRemove: types.StatusDeleted,
		}},
		{running{}, map[verb]types.Status{
			verbPause: types.StatusPaused, verbUpdate: types.StatusRunning, verbKill: types.StatusRunning,
			verbResize: types.StatusRunning, verbExec: types.StatusRunning, verbCheckpoint: types.StatusRunning,
		}},
		{paused{}, map[verb]types.Status{
			verbUnpause: types.StatusRunning, verbUpdate: types.StatusPaused, verbKill: types.StatusPaused,
			verbResize: types.StatusPaused, verbCheckpoint: types.StatusPaused,
		}},
		{stopped{}, map[verb]types.Status{verbRemove: types.StatusDeleted}},
		{deleted{}, nil},
	} {
		for _, v := range verbs {
			next, err := test.from.after(v)
			want, possible := test.to[v]
			switch {
			case possible && (err != nil || next.status() != want):
				t.Errorf("%s a %s process: %v, %v; want %s", v, test.from.status(), next, err, want)
			case !possible && err == nil:
				t.Errorf("%s a %s process leads to %s; want an error", v, test.from.status(), next.status())
			}
		}
	}
}

func TestStateAfterEnd(t *testing.T) {
	exit := types.Exit{Pid: 5, Status: 3}
	for _, s := range []state{created{}, running{}, paused{}} {
		if got, ok := s.ended(exit).(stopped); !ok || got.exit != exit {
			t.Errorf("a %s process ends as %v", s.status(), got)
		}
	}
	for _, s := range []state{stopped{exit}, deleted{exit}} {
		if got := s.ended(types.Exit{Status: 9}); got != s {
			t.Errorf("a %s process ends again, as %v", s.status(), got)
		}
	}
	next, err := stopped{exit}.after(verbRemove)
	if got, ok := next.(deleted); err != nil || !ok || got.exit != exit {
		t.Errorf("deleting forgets the exit: %v, %v", next, err)
	}
	if _, err := (stopped{}).after(verbKill); !cerrdefs.IsNotFound(err) {
		t.Errorf("kill of a stopped process: %v, want not found", err)
	}
	if _, err := (stopped{}).after(verbPause); !cerrdefs.IsConflict(err) {
		t.Errorf("pause of a stopped process: %v, want a conflict", err)
	}
}
