package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timestamp is a time of the command line as the daemon reads it, in seconds
// and nanoseconds. It is one of these, in the person's time zone where none is
// said; a duration is that long ago; seconds stay as they are.
func timestamp(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	if ago, err := time.ParseDuration(value); err == nil && value != "0" {
		return seconds(time.Now().Add(-ago)), nil
	}
	for _, layout := range []string{
		time.RFC3339Nano,
		"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02T15",
		"2006-01-02Z07:00", "2006-01-02",
	} {
		if t, err := time.ParseInLocation(layout, value, time.Local); err == nil {
			return seconds(t), nil
		}
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if _, err := strconv.ParseInt(whole, 10, 64); err != nil {
		return "", fmt.Errorf("failed to parse value as time or duration: %q", value)
	}
	if _, err := strconv.ParseUint("0"+fraction, 10, 64); err != nil {
		return "", fmt.Errorf("failed to parse value as time or duration: %q", value)
	}
	return value, nil
}

func seconds(t time.Time) string {
	return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond())
}
