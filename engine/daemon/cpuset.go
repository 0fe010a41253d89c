package daemon

import (
	"fmt"
	"strconv"
	"strings"
)

// mostNumbers bounds a list of processors or memory nodes.
const mostNumbers = 8192

// parseList reads the kernel's form of a list of numbers: 0-2,5.
func parseList(text string) (map[int]bool, error) {
	numbers := map[int]bool{}
	for _, part := range strings.Split(text, ",") {
		if part == "" {
			continue
		}
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		low, err := strconv.Atoi(strings.TrimSpace(from))
		if err != nil {
			return nil, err
		}
		high, err := strconv.Atoi(strings.TrimSpace(to))
		if err != nil {
			return nil, err
		}
		if low < 0 || high < low || high > mostNumbers {
			return nil, fmt.Errorf("%s is no range", part)
		}
		for n := low; n <= high; n++ {
			numbers[n] = true
		}
	}
	return numbers, nil
}
