package webui

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// store is what the pages of a site have in common. Every function, file and edge
// stands in it once; a page names those that it has by their numbers.
type store struct {
	Programs  []programData `json:"programs"`
	Files     []fileData    `json:"files"`
	Functions []nodeData    `json:"functions"` // without code; File and Program are numbers in the store
	Edges     []edgeData    `json:"edges"`     // From, To and Origins are functions of the store

	known map[string]int     // number of each, by its kind and its JSON
	code  map[int][]codeData // of functions
}

func newStore() *store {
	return &store{
		Programs: []programData{}, Files: []fileData{}, Functions: []nodeData{}, Edges: []edgeData{},
		known: map[string]int{}, code: map[int][]codeData{},
	}
}

// storedPage is the data of a page of a site: that of data, in numbers of the
// store. Lists of numbers that are long are written by packed.
type storedPage struct {
	Title    string    `json:"title"`
	Program  string    `json:"program"`
	Command  []string  `json:"command"`
	Programs []int     `json:"programs"` // as the route meets them
	Nodes    string    `json:"nodes"`
	Edges    string    `json:"edges"`
	Taken    []int     `json:"taken"` // the edges that the spine takes, where there are several
	Spine    []int     `json:"spine"`
	Gaps     []gapData `json:"gaps"`
	LeftOut  leftOut   `json:"leftOut"`
}

// add puts the data of a page into the store, and says in which numbers the page
// has it.
func (s *store) add(d *data) storedPage {
	p := storedPage{Title: d.Title, Program: d.Program, Command: d.Command, Programs: []int{}, Taken: []int{}, Spine: []int{}, Gaps: []gapData{}, LeftOut: d.LeftOut}
	files, nodes := make([]int, len(d.Files)), make([]int, len(d.Nodes))
	file := func(i int) int {
		if i < 0 {
			return i
		}
		return files[i]
	}
	for _, own := range d.Programs {
		p.Programs = append(p.Programs, number(s, &s.Programs, own))
	}
	for i, own := range d.Files {
		own.Program = p.Programs[own.Program]
		files[i] = number(s, &s.Files, own)
	}
	for i, own := range d.Nodes {
		code := own.Code
		own.Program, own.File, own.Code = p.Programs[own.Program], file(own.File), nil
		if own.Type != nil {
			own.Type = &typeData{own.Type.Name, file(own.Type.File), own.Type.Line}
		}
		nodes[i] = number(s, &s.Functions, own)
		s.addCode(nodes[i], code)
	}
	var edges []int
	for _, own := range d.Edges {
		taken := own.Spine
		own.From, own.To, own.File, own.Spine = nodes[own.From], nodes[own.To], file(own.File), false
		own.Registered, own.Made, own.Origins = slices.Clone(own.Registered), slices.Clone(own.Made), slices.Clone(own.Origins)
		for i := range own.Registered {
			own.Registered[i][0] = file(own.Registered[i][0])
		}
		for i := range own.Made {
			own.Made[i].File = file(own.Made[i].File)
		}
		for i := range own.Origins {
			own.Origins[i] = nodes[own.Origins[i]]
		}
		n := number(s, &s.Edges, own)
		edges = append(edges, n)
		if taken {
			p.Taken = append(p.Taken, n)
		}
	}
	for _, i := range d.Spine {
		p.Spine = append(p.Spine, nodes[i])
	}
	for _, g := range d.Gaps {
		g.After, g.File = nodes[g.After], file(g.File)
		p.Gaps = append(p.Gaps, g)
	}
	p.Nodes, p.Edges = packed(nodes), packed(edges)
	return p
}

// number is the place of a value in a list of the store, to which it is added if it
// is new.
func number[T any](s *store, list *[]T, value T) int {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("plain data that is no JSON: %v", err))
	}
	key := fmt.Sprintf("%T %s", value, text)
	n, ok := s.known[key]
	if !ok {
		n = len(*list)
		s.known[key] = n
		*list = append(*list, value)
	}
	return n
}

// addCode joins lines of a function with those that other pages have of it.
func (s *store) addCode(function int, lines []codeData) {
	if len(lines) == 0 {
		return
	}
	all := append(slices.Clone(s.code[function]), lines...)
	slices.SortStableFunc(all, func(a, b codeData) int { return cmp.Compare(a[0].(int), b[0].(int)) })
	s.code[function] = slices.CompactFunc(all, func(a, b codeData) bool { return a[0] == b[0] })
}

// codeOf is the code of a program's functions by their numbers.
func (s *store) codeOf(program int) map[int][]codeData {
	out := map[int][]codeData{}
	for n, lines := range s.code {
		if s.Functions[n].Program == program {
			out[n] = lines
		}
	}
	return out
}

// packed writes a set of numbers as its runs, in ascending order: how many are left
// out before each and, behind a dot, how many it has if that is not one, in base 36.
func packed(numbers []int) string {
	numbers = slices.Compact(slices.Sorted(slices.Values(numbers)))
	var runs []string
	for i, end := 0, 0; i < len(numbers); {
		j := i + 1
		for j < len(numbers) && numbers[j] == numbers[j-1]+1 {
			j++
		}
		run := strconv.FormatInt(int64(numbers[i]-end), 36)
		if j-i > 1 {
			run += "." + strconv.FormatInt(int64(j-i), 36)
		}
		runs = append(runs, run)
		end = numbers[j-1] + 1
		i = j
	}
	return strings.Join(runs, " ")
}

// deflated is a script that hands over a value, compressed: as JSON it would be
// most of a site.
func deflated(name string, value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "globalThis.callroutePacked = { ...globalThis.callroutePacked, %q: %q };\n", name, base64.StdEncoding.EncodeToString(out.Bytes())), nil
}
