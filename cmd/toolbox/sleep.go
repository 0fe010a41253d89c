package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// sleep does nothing for the sum of times: sleep TIME... (10, 1.5, 2m, infinity)
func sleep(args []string, _ streams) error {
	if len(args) == 0 {
		return errors.New("how long is missing")
	}
	var total time.Duration
	for _, arg := range args {
		d, err := parseTime(arg)
		if err != nil {
			return err
		}
		if total += d; total < 0 { // more than 292 years
			total = forever
		}
	}
	time.Sleep(total)
	return nil
}

const forever = time.Duration(math.MaxInt64)

// parseTime reads seconds, or a time with a unit: s, m, h or d.
func parseTime(text string) (time.Duration, error) {
	if text == "infinity" || text == "inf" {
		return forever, nil
	}
	number, unit := text, time.Second
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if n := len(text) - 1; n > 0 && units[text[n]] != 0 {
		number, unit = text[:n], units[text[n]]
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 { // 200ms
		return d, nil
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !(value >= 0) { // not a number is not at least 0
		return 0, fmt.Errorf("invalid time %q", text)
	}
	if value *= float64(unit); value >= float64(forever) {
		return forever, nil
	}
	return time.Duration(value), nil
}
