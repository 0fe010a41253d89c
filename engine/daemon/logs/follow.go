package logs

import (
	"os"
	"slices"
	"time"
)

const (
	// followerFiles is how many files a follower may be behind.
	followerFiles = 64
	// followerWait is how long a container waits for a follower that is.
	followerWait = time.Second
)

// follower is a reader that waits for more. Its fields are under the log's
// lock.
type follower struct {
	files   []*os.File    // that it has not begun, in order
	changed chan struct{} // holds one token when there may be more
	lagging bool          // was waited for in vain, until it catches up
	err     error         // it cannot go on
}

// addFollower is called with the lock held.
func (l *Log) addFollower() *follower {
	f := &follower{changed: make(chan struct{}, 1)}
	l.followers = append(l.followers, f)
	return f
}

func (l *Log) removeFollower(f *follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.followers, f); i >= 0 {
		l.followers = slices.Delete(l.followers, i, i+1)
	}
	for _, file := range f.files {
		_ = file.Close()
	}
	l.caughtUp.Broadcast()
}

// next gives the follower a new file.
func (f *follower) next(path string) {
	file, err := os.Open(path)
	if err != nil {
		f.err = err
		return
	}
	f.files = append(f.files, file)
}

// advance is the file after the one the follower has read to its end, if
// there is one; ended says that there never will be, nor more in this one.
// The follower looks at its file once more in either case: what it holds is
// final then.
func (l *Log) advance(f *follower) (file *os.File, ended bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.err != nil {
		return nil, false, f.err
	}
	if len(f.files) == 0 {
		f.lagging = false
		return nil, l.closed, nil
	}
	file = f.files[0]
	f.files = f.files[1:]
	l.caughtUp.Broadcast()
	return file, false, nil
}

func (f *follower) wake() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// waitForFollowers lets those that are many files behind catch up, for a
// while. The lock is held, and given up while it waits.
func (l *Log) waitForFollowers() {
	deadline := time.Now().Add(followerWait)
	for i := 0; i < len(l.followers); {
		f := l.followers[i]
		if len(f.files) < followerFiles || l.closed {
			i++
			continue
		}
		if f.lagging || !time.Now().Before(deadline) {
			f.lagging = true
			_ = f.files[0].Close()
			f.files = f.files[1:]
			i++
			continue
		}
		f.wake()
		wake := time.AfterFunc(time.Until(deadline), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.caughtUp.Broadcast()
		})
		l.caughtUp.Wait()
		wake.Stop()
		i = 0 // the list may have changed
	}
}
