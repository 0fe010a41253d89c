package main

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/store"
)

// learned is what can be traced, kept from one run to the next so that a shell need
// not wait for an analysis, nor for a look at the sources.
type learned struct {
	store *store.Store
	key   store.Key // of some sources
}

// known is what was learned of some sources.
type known struct {
	Written  time.Time                 `json:"written"`
	Programs []string                  `json:"programs"`
	Commands map[string][]flow.Command `json:"commands"` // by program
}

// fresh is how long what is known is not asked for again.
const fresh = 10 * time.Minute

// learnedOf is what was learned of some sources.
func (a *app) learnedOf(s sources) learned {
	parts := []string{"learned", release(), s.tags} // another release may find other commands
	for _, path := range append([]string{s.file}, s.dirs...) {
		if path != "" {
			abs, err := filepath.Abs(path)
			if err != nil {
				return learned{}
			}
			path = abs
		}
		parts = append(parts, path)
	}
	return learned{a.storeOf(s), store.KeyOf(parts...)}
}

// read is what is known, nil if nothing is.
func (l learned) read() *known {
	k := new(known)
	if json.Unmarshal(l.store.Find(l.key, nil), k) != nil || k.Commands == nil {
		return nil
	}
	return k
}

// add keeps the commands of a program. That it cannot be kept is no error: the
// next completion waits longer, that is all.
func (l learned) add(programs []string, program string, commands []flow.Command) {
	k := l.read()
	if k == nil {
		k = &known{Commands: map[string][]flow.Command{}}
	}
	k.Programs, k.Written = programs, time.Now()
	k.Commands[program] = commands
	if data, err := json.Marshal(k); err == nil {
		l.store.Save(l.key, &store.Inputs{}, data, nil)
	}
}
