package network

import (
	"context"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/errdefs"
)

// Prune removes the networks of people in which nobody is.
func (s *Networks) Prune(_ context.Context, filters types.Filters) (network.PruneReport, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var report network.PruneReport
	for _, one := range s.all() {
		chosen, err := prunable(one, filters)
		if err != nil {
			return network.PruneReport{}, err
		}
		if !chosen || builtin(one.Name) || len(s.attached(s.networks[one.ID])) > 0 {
			continue
		}
		if err := s.remove(s.networks[one.ID]); err != nil {
			return report, err
		}
		report.NetworksDeleted = append(report.NetworksDeleted, one.Name)
	}
	return report, nil
}

// prunable applies docker's filters for what is to be removed: all must match.
func prunable(n network.Network, filters types.Filters) (bool, error) {
	for name, values := range filters {
		for _, value := range values {
			var matches bool
			switch name {
			case "label":
				matches = labelled(n, value)
			case "label!":
				matches = !labelled(n, value)
			case "until":
				until, err := parseUntil(value)
				if err != nil {
					return false, err
				}
				matches = n.Created.Before(until)
			default:
				return false, errdefs.Invalid("invalid filter '%s'", name)
			}
			if !matches {
				return false, nil
			}
		}
	}
	return true, nil
}

// parseUntil reads a time: an age, seconds since 1970 or RFC 3339.
func parseUntil(text string) (time.Time, error) {
	if age, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-age), nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Unix(0, int64(seconds*float64(time.Second))), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, errdefs.Invalid("invalid filter 'until=%s'", text)
	}
	return at, nil
}
