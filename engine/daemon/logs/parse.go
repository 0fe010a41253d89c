package logs

import (
	"strconv"
	"strings"
	"time"

	"github.com/callroute/callroute/engine/errdefs"
)

// ParseTime reads docker's since and until: RFC 3339 with or without zone and
// time, seconds.nanoseconds since 1970, or a duration before now. Empty and
// "0" are the zero time.
func ParseTime(value string, now time.Time) (time.Time, error) {
	if value == "" || value == "0" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(value); err == nil {
		return now.Add(-d), nil
	}
	if t, ok := parseUnix(value); ok {
		return t, nil
	}
	for _, clock := range []string{"T15:04:05.999999999", "T15:04", "T15", ""} {
		for _, zone := range []string{"Z07:00", ""} {
			// Without a zone it is a time of this machine.
			if t, err := time.ParseInLocation("2006-01-02"+clock+zone, value, now.Location()); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, errdefs.Invalid("failed to parse value as time or duration: %q", value)
}

func parseUnix(value string) (time.Time, bool) {
	whole, fraction, dotted := strings.Cut(value, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || (dotted && fraction == "") || len(fraction) > 9 {
		return time.Time{}, false
	}
	var nanos uint64
	if dotted {
		nanos, err = strconv.ParseUint(fraction+strings.Repeat("0", 9-len(fraction)), 10, 32)
		if err != nil {
			return time.Time{}, false
		}
	}
	return time.Unix(seconds, int64(nanos)), true
}

// ParseTail reads docker's tail: a number of entries, or all of them, whatever else is
// written.
func ParseTail(value string) int {
	if n, err := strconv.Atoi(value); err == nil {
		return max(n, -1)
	}
	return -1
}
