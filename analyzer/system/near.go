package system

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest returns the names, at most three and the nearest first, that someone
// who wrote name may have meant: those that begin with it, ignoring case, and
// those that a typo in every third letter or less makes of it.
func Nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	wrote := strings.ToLower(name)
	for _, n := range names {
		d := distance(wrote, strings.ToLower(n))
		switch {
		case n == name:
			continue
		case d <= (len([]rune(name))+2)/3:
		case len(wrote) > 1 && strings.HasPrefix(strings.ToLower(n), wrote):
			d = 1
		default:
			continue
		}
		near = append(near, candidate{n, d})
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	near = slices.Compact(near)
	var out []string
	for _, c := range near[:min(3, len(near))] {
		out = append(out, c.name)
	}
	return out
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range t {
		rows[0][j+1] = j + 1
	}
	for i := range s {
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
