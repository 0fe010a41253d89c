package container

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/sirupsen/logrus"
)

// List is the state of every container, by id. One that cannot be loaded is
// left out with a warning. A missing Root is an error of class fs.ErrNotExist.
func (r *Runtime) List() ([]State, error) {
	folders, err := os.ReadDir(r.Root)
	if err != nil {
		return nil, err
	}
	var states []State
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		owner, err := ownerOf(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		c, err := libcontainer.Load(r.Root, folder.Name())
		if err != nil {
			logrus.Warnf("load container %s: %v", folder.Name(), err)
			continue
		}
		s, err := stateOf(c)
		if err != nil {
			logrus.Warnf("state of %s: %v", folder.Name(), err)
			continue
		}
		s.Owner = owner
		states = append(states, s)
	}
	return states, nil
}

// ownerOf is the name of a folder's owner, or # and the number.
func ownerOf(folder fs.DirEntry) (string, error) {
	info, err := folder.Info()
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", nil
	}
	uid := strconv.Itoa(int(stat.Uid))
	u, err := user.LookupId(uid)
	if err != nil {
		return "#" + uid, nil //nolint:nilerr // a user without a name is no failure
	}
	return u.Username, nil
}
