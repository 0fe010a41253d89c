package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/callroute/callroute/analyzer/flow"
)

// commandCache keeps what can be traced from one run to the next, so that a
// shell need not wait for an analysis. It may be deleted at any time.
type commandCache struct {
	path string // of the file of some sources, empty if there is no place for it
}

// known is what the cache has of some sources.
type known struct {
	Release  string                    `json:"release"` // of callroute: another may find other commands
	Written  time.Time                 `json:"written"`
	Programs []string                  `json:"programs"`
	Commands map[string][]flow.Command `json:"commands"` // by program
}

// fresh is how long what is known is not asked for again.
const fresh = 10 * time.Minute

// cacheOf is the cache of some sources.
func (a *app) cacheOf(s sources) commandCache {
	dir := a.getenv("CALLROUTE_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return commandCache{}
		}
		dir = filepath.Join(user, "callroute", "commands")
	}
	name := sha256.New()
	for _, path := range append([]string{s.file}, s.dirs...) {
		if path != "" {
			abs, err := filepath.Abs(path)
			if err != nil {
				return commandCache{}
			}
			path = abs
		}
		fmt.Fprintf(name, "%s\x00", path)
	}
	fmt.Fprint(name, s.tags)
	return commandCache{filepath.Join(dir, hex.EncodeToString(name.Sum(nil)[:16])+".json")}
}

// read is what is known, nil if nothing is.
func (c commandCache) read() *known {
	if c.path == "" {
		return nil
	}
	data, err := os.ReadFile(c.path)
	if err != nil {
		return nil
	}
	k := new(known)
	if json.Unmarshal(data, k) != nil || k.Release != release() || k.Commands == nil {
		return nil
	}
	return k
}

// add keeps the commands of a program. That it cannot be kept is no error: the
// next completion waits longer, that is all.
func (c commandCache) add(programs []string, program string, commands []flow.Command) {
	if c.path == "" {
		return
	}
	k := c.read()
	if k == nil {
		k = &known{Release: release(), Commands: map[string][]flow.Command{}}
	}
	k.Programs, k.Written = programs, time.Now()
	k.Commands[program] = commands
	data, err := json.Marshal(k)
	if err != nil || os.MkdirAll(filepath.Dir(c.path), 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(filepath.Dir(c.path), "writing-")
	if err != nil {
		return
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), c.path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
}
