package load

import "sync"

// standard is the part of the standard library that some Load of a Loader has
// already checked, by folder. The lock is held while it grows, so that no
// package of it is checked twice and becomes two.
type standard struct {
	sync.Mutex
	checked map[string]*known
}

func split(units []*unit) (std, rest []*unit) {
	for _, u := range units {
		if u.Standard {
			std = append(std, u)
		} else {
			rest = append(rest, u)
		}
	}
	return std, rest
}

// recall gives units what an earlier Load found out about them.
func (s *standard) recall(units []*unit) {
	for _, u := range units {
		if u.Standard {
			if u.known = s.checked[u.Dir]; u.known != nil {
				u.Types = u.known.types
			}
		}
	}
}

func (s *standard) keep(units []*unit) {
	for _, u := range units {
		if u.known != nil && u.Types != nil {
			u.known.types = u.Types
			s.checked[u.Dir] = u.known
		}
	}
}
