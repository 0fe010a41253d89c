package analyzer_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/callroute/callroute/analyzer"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/system"
)

// TestValue follows values through the systems in testdata/values and holds what is
// found against what stands in front of the files:
//
//	value PROGRAM [COMMAND...] --flag NAME | --arg N
//	hop PROGRAM FUNCTION [TEXT]    a hop in it; TEXT is in what is told of it
//	sources [PROGRAM COMMAND...] into TARGET
//	source KIND TEXT               what can end there, as a person types it
//	end PROGRAM NAME               a write to it
//	gap TEXT                       a place where it is lost
//	writers SYMBOL, readers SYMBOL
//	by FUNCTION [TEXT]             who does it; TEXT is in how
//	from FUNCTION                  who calls one of them
//	touch PROGRAM [COMMAND...] --like FLAG --as NAME
//	place ROLE FILE [TEXT]         a line of FILE with TEXT; a dot is any role
//	patched FILE TEXT              a line that the patch has for the new property
//	apply                          applies the patch and builds the system
//	!hop, !end, !by, !from …       there is none
func TestValue(t *testing.T) {
	files, err := filepath.Glob("../testdata/values/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no systems:", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range archive.Files {
				name := filepath.Join(dir, filepath.FromSlash(f.Name))
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("GOPROXY", "off")
			checkValues(t, dir, string(archive.Comment))
		})
	}
}

func checkValues(t *testing.T, dir, expectations string) {
	t.Helper()
	sys, err := system.FromDirs([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	a, err := analyzer.Open(t.Context(), sys, analyzer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var v *flow.Value
	var found *flow.Accesses
	var touched *flow.Touch
	asked, checked := "", 0
	for lines := bufio.NewScanner(strings.NewReader(expectations)); lines.Scan(); {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		want, not := strings.CutPrefix(verb, "!")
		var have []string
		switch want {
		case "value":
			v, err = a.Value(t.Context(), valueQuery(rest))
		case "sources":
			command, target, _ := strings.Cut(rest, "into ")
			q := analyzer.IntoQuery{Target: target}
			if words := strings.Fields(command); len(words) > 0 {
				q.Program, q.Command = words[0], words[1:]
			}
			v, err = a.ValueInto(t.Context(), q)
		case "source":
			have = sourcesOf(v)
		case "writers":
			found, err = a.Writers(t.Context(), rest)
		case "readers":
			found, err = a.Readers(t.Context(), rest)
		case "touch":
			command, flags, _ := strings.Cut(rest, " --like ")
			like, as, _ := strings.Cut(flags, " --as ")
			words := strings.Fields(command)
			touched, err = a.Touch(t.Context(), analyzer.TouchQuery{
				ValueQuery: analyzer.ValueQuery{Program: words[0], Flag: like}, As: as,
			})
		case "apply":
			applyPatch(t, dir, touched.Patch)
			a, err = analyzer.Open(t.Context(), sys, analyzer.Options{})
		case "place":
			have = placesOf(touched, rest[0] == '.')
		case "patched":
			have = patchedOf(touched)
		case "hop":
			have = hopsOf(v)
		case "end":
			have = endsOf(v)
		case "gap":
			have = gapsOf(v)
		case "by":
			have = accessesOf(found)
		case "from":
			have = callSitesOf(found)
		default:
			continue
		}
		if err != nil {
			t.Fatal(lines.Text(), err)
		}
		if have == nil {
			asked = lines.Text()
			continue
		}
		checked++
		if ok := slices.ContainsFunc(have, func(s string) bool { return matches(s, rest) }); ok == not {
			t.Errorf("%s: %s; there are\n\t%s", asked, lines.Text(), strings.Join(have, "\n\t"))
		}
	}
	if checked == 0 {
		t.Error("nothing is expected")
	}
}

// matches reports whether a line begins with the first two words of what is wanted,
// and has the rest of it.
func matches(have, want string) bool {
	words := strings.SplitN(want, " ", 3)
	for i, w := range words {
		first, rest, _ := strings.Cut(have, " ")
		switch {
		case i == 2:
			return strings.Contains(have, w)
		case first != w:
			return false
		}
		have = rest
	}
	return true
}

// valueQuery is a question as a person types it.
func valueQuery(line string) analyzer.ValueQuery {
	command, flag, isFlag := strings.Cut(line, " --flag ")
	command, arg, _ := strings.Cut(command, " --arg ")
	words := strings.Fields(command)
	q := analyzer.ValueQuery{Program: words[0], Command: words[1:], Flag: flag}
	if !isFlag {
		q.Arg, _ = strconv.Atoi(arg)
	}
	return q
}

func hopsOf(v *flow.Value) []string {
	out := []string{}
	for _, h := range v.Hops {
		out = append(out, fmt.Sprintf("%s %s %s; %s; %q; %q", h.Component, funcOf(h.Func), h.Place, h.Did, h.Wire, h.Under))
	}
	return out
}

func gapsOf(v *flow.Value) []string {
	out := []string{}
	for _, g := range v.Gaps {
		out = append(out, g.Reason)
	}
	return out
}

func sourcesOf(v *flow.Value) []string {
	out := []string{}
	for _, s := range v.Sources {
		out = append(out, fmt.Sprintf("%s %s %s", s.Kind, s.Says(), strings.Join(s.Through, ", ")))
	}
	return out
}

func accessesOf(a *flow.Accesses) []string {
	out := []string{}
	for _, x := range a.Accesses {
		for _, l := range x.Lines {
			if !x.Own {
				out = append(out, funcOf(x.Func)+" "+l.How)
			}
		}
	}
	return out
}

func callSitesOf(a *flow.Accesses) []string {
	out := []string{}
	for _, x := range a.Accesses {
		for _, c := range x.From {
			out = append(out, funcOf(c.Func))
		}
	}
	return out
}

// funcOf is a function's name in its package, of which main stands for all.
func funcOf(name string) string {
	_, name, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	return "main." + name
}

func placesOf(touched *flow.Touch, anyRole bool) []string {
	out := []string{}
	for _, s := range touched.Sources {
		for _, p := range s.Places {
			role := p.Role
			if anyRole {
				role = "."
			}
			out = append(out, role+" "+p.File+" "+p.Code)
		}
	}
	return out
}

func patchedOf(touched *flow.Touch) []string {
	out := []string{}
	for _, s := range touched.Sources {
		for _, p := range s.Places {
			if p.Patched {
				out = append(out, p.File+" "+p.Code)
			}
		}
	}
	return out
}

// applyPatch applies a patch to a system, which must build then.
func applyPatch(t *testing.T, dir, patch string) {
	t.Helper()
	for _, args := range [][]string{{"git", "apply", "-"}, {"go", "vet", "./..."}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(patch)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s\n%s", args, err, out, patch)
		}
	}
}

func endsOf(v *flow.Value) []string {
	out := []string{}
	for _, e := range v.Ends {
		out = append(out, v.Hops[e.Hop].Component+" "+e.What)
	}
	return out
}

// TestValueOfEngine follows flags of our own engine through its five programs to the
// files of the cgroup that the runtime writes.
func TestValueOfEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("analyzes the engine")
	}
	sys, err := system.FromDirs([]string{".."})
	if err != nil {
		t.Fatal(err)
	}
	a, err := analyzer.Open(t.Context(), sys, analyzer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		flag string
		wire []string // names on the way, in this order
		ends []string
		not  []string // files that other flags end in
	}{
		{"cpu-shares", []string{"CpuShares", "cpu/shares", "stdin cpu/shares"}, []string{"engine-runc cpu.weight", "engine-runc cpu.shares"}, []string{"cpu.max", "memory.max"}},
		{"cpu-period", []string{"CpuPeriod", "cpu/period", "stdin cpu/period"}, []string{"engine-runc cpu.max", "engine-runc cpu.cfs_period_us"}, []string{"cpu.weight"}},
		{"cpu-quota", []string{"CpuQuota", "cpu/quota", "stdin cpu/quota"}, []string{"engine-runc cpu.max", "engine-runc cpu.cfs_quota_us"}, []string{"cpu.weight", "cpu.cfs_period_us"}},
		{"cpus", []string{"NanoCpus", "cpu/quota", "stdin cpu/quota"}, []string{"engine-runc cpu.max", "engine-runc cpu.cfs_quota_us"}, []string{"cpu.weight"}},
		{"cpuset-cpus", []string{"CpusetCpus", "cpu/cpus", "stdin cpu/cpus"}, []string{"engine-runc cpuset.cpus"}, []string{"cpuset.mems"}},
		{"cpuset-mems", []string{"CpusetMems", "cpu/mems", "stdin cpu/mems"}, []string{"engine-runc cpuset.mems"}, []string{"cpuset.cpus"}},
		{"memory", []string{"Memory", "memory/limit", "stdin memory/limit"}, []string{"engine-runc memory.max", "engine-runc memory.limit_in_bytes"}, []string{"memory.low", "pids.max"}},
		{"memory-reservation", []string{"MemoryReservation", "memory/reservation"}, []string{"engine-runc memory.low", "engine-runc memory.soft_limit_in_bytes"}, []string{"memory.max"}},
		{"memory-swap", []string{"MemorySwap", "memory/swap", "stdin memory/swap"}, []string{"engine-runc memory.swap.max", "engine-runc memory.memsw.limit_in_bytes"}, []string{"memory.max"}},
		{"pids-limit", []string{"PidsLimit", "pids/limit", "stdin pids/limit"}, []string{"engine-runc pids.max"}, []string{"memory.max"}},
		{"blkio-weight", []string{"BlkioWeight", "blockIO/weight", "stdin blockIO/weight"}, []string{"engine-runc io.weight"}, []string{"cpu.weight"}},
		{"cache-property", []string{"CacheProperty", "intelRdt/l3CacheSchema", "--l3-cache-schema"}, []string{"engine-runc schemata"}, []string{"cpu.weight"}},
		{"restart", nil, nil, []string{"cpu.weight", "schemata", "state-"}},
	} {
		t.Run(test.flag, func(t *testing.T) {
			v, err := a.Value(t.Context(), analyzer.ValueQuery{Program: "engine", Command: []string{"update"}, Flag: test.flag})
			if err != nil {
				t.Fatal(err)
			}
			ends := endsOf(v)
			for _, want := range append(test.ends, "engined container.json") {
				if !slices.Contains(ends, want) {
					t.Errorf("no end %q among %q", want, ends)
				}
			}
			for _, not := range test.not {
				if slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(e, " "+not) }) {
					t.Errorf("ends in %s: %q", not, ends)
				}
			}
			if len(v.Gaps) > 0 {
				t.Errorf("gaps: %+v", v.Gaps)
			}
			var wire []string
			for i := v.Ends[0].Hop; i >= 0; i = v.Hops[i].After {
				wire = append(wire, v.Hops[i].Wire)
			}
			slices.Reverse(wire)
			for _, want := range test.wire {
				at := slices.Index(wire, want)
				if at < 0 {
					t.Fatalf("no %q on the way %q", want, wire)
				}
				wire = wire[at:]
			}
		})
	}
}
