package analyzer

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/encode"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/source"
	"github.com/callroute/callroute/analyzer/store"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
)

// memory is what the store has of one system: which programs there are, what each is
// made of, its summary, and what it may serve.
type memory struct {
	golist.Memory
	system *system.System
	loader *load.Loader
	began  time.Time
	serves map[*system.Program]*serving
	notes  *source.Notes // nil until asked for
}

// remember makes the loader and the programs of a system use a store.
func remember(ctx context.Context, st *store.Store, sys *system.System, loader *load.Loader, tags string) *memory {
	m := &memory{system: sys, loader: loader, began: time.Now(), serves: map[*system.Program]*serving{}}
	if st == nil {
		return m
	}
	loader.Remember(golist.Memory{Store: st}) // of the environment
	env := loader.Environment(ctx)
	roots := store.Roots{{Name: "@mod", Dir: env.ModuleCache}, {Name: "@goroot", Dir: env.GOROOT}}
	var own []string
	for i, src := range sys.Sources {
		roots = append(roots, store.Root{Name: fmt.Sprintf("@src%d", i), Dir: src.Dir})
		own = append(own, src.Dir)
	}
	parts := append([]string{"callroute", identity(st), env.Arch, env.Version, tags}, env.Others...)
	m.Memory = golist.Memory{Store: st, Disk: st.Disk(roots, own), Roots: roots, Key: store.KeyOf(parts...)}
	loader.Remember(m.Memory)
	return m
}

// identity tells this build of the analyzer from others: by its version where that
// stands for its source, or else by the digest of the executable.
func identity(st *store.Store) string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		version, revision, changed := info.Main.Version, "", false
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				changed = s.Value == "true"
			}
		}
		released := strings.HasPrefix(version, "v") && !strings.Contains(version, "+dirty")
		if !changed && (released || revision != "") {
			return strings.Join([]string{version, revision, info.GoVersion}, " ")
		}
	}
	path, err := os.Executable()
	if err != nil {
		return fmt.Sprint("started ", time.Now().UnixNano())
	}
	return st.FileDigest(path)
}

// programKey is the key of what is known of a program, but for its files. What
// belongs to the user is told by the trees of the whole system.
func (m *memory) programKey(ctx context.Context, what string, p *system.Program) (key store.Key, ok bool) {
	parts := []string{string(m.Key[:]), what, m.Roots.Short(p.Dir), p.Package, p.Source.Import}
	for _, src := range m.system.Sources {
		owned, err := m.loader.Owned(src)
		if err != nil {
			return key, false
		}
		parts = append(parts, owned...)
	}
	parts = append(parts, m.system.OwnText)
	if m.loader.Driven() {
		listing, err := m.loader.Fingerprint(ctx, p)
		if err != nil {
			return key, false
		}
		parts = append(parts, string(listing[:]))
	}
	return store.KeyOf(parts...), true
}

// kept is what summaries of a detail are called in keys.
var kept = map[summary.Detail]string{summary.Calls: "summary", summary.Values: "summary with bodies"}

// recall is the summary of a program that an earlier run made, nil for none. One with
// bodies is one without them, too.
func (m *memory) recall(ctx context.Context, p *system.Program, detail summary.Detail) *summary.Executable {
	if m.Store == nil {
		return nil
	}
	var data []byte
	for d := detail; data == nil && d <= summary.Values; d++ {
		if key, ok := m.programKey(ctx, kept[d], p); ok {
			data = m.Store.Find(key, m.Disk)
		}
	}
	if data == nil {
		return nil
	}
	exe, err := summary.Decode(data)
	if err != nil {
		return nil // made by another version
	}
	exe.Program = p
	for i, d := range exe.Names {
		exe.Names[i].Dir = m.Roots.Long(d.Dir)
	}
	return exe
}

// keep remembers what analyze makes of a program.
func (m *memory) keep(ctx context.Context, p *system.Program, detail summary.Detail, analyze func() (*summary.Executable, error)) (*summary.Executable, error) {
	if m.Store == nil {
		return analyze()
	}
	key, ok := m.programKey(ctx, kept[detail], p)
	in, unlisted := m.loader.Inputs(ctx, store.Code, p) // before they are read
	exe, err := analyze()
	if err != nil || unlisted != nil || !ok {
		return exe, err
	}
	portable := *exe
	portable.Names = slices.Clone(exe.Names)
	for i, d := range portable.Names {
		portable.Names[i].Dir = m.Roots.Short(d.Dir)
	}
	m.Store.Save(key, in, portable.Encode(), m.Disk)
	return exe, nil
}

// serving is what is known of what a program may serve.
type serving struct {
	Kinds    map[flow.Kind]bool
	Mentions map[string]bool
	Links    map[string]bool // by file, from a root

	more bool `encode:"-"` // than was known
}

func (m *memory) servingOf(ctx context.Context, p *system.Program) *serving {
	if s := m.serves[p]; s != nil {
		return s
	}
	s := &serving{Kinds: map[flow.Kind]bool{}, Mentions: map[string]bool{}, Links: map[string]bool{}}
	if m.Store != nil {
		if key, ok := m.programKey(ctx, "serving", p); ok {
			if known, ok := encode.Unmarshal[serving](m.Store.Find(key, m.Disk)); ok {
				s = &known
			}
		}
	}
	m.serves[p] = s
	return s
}

// mayServe is load.Loader.MayServe.
func (m *memory) mayServe(ctx context.Context, p *system.Program, kind flow.Kind) bool {
	s := m.servingOf(ctx, p)
	yes, known := s.Kinds[kind]
	if !known {
		yes = m.loader.MayServe(ctx, p, kind)
		s.Kinds[kind], s.more = yes, true
	}
	return yes
}

// mentions is load.Loader.Mentions.
func (m *memory) mentions(ctx context.Context, p *system.Program, path string) bool {
	s := m.servingOf(ctx, p)
	yes, known := s.Mentions[path]
	if !known {
		yes = m.loader.Mentions(ctx, p, path)
		s.Mentions[path], s.more = yes, true
	}
	return yes
}

// links is load.Loader.Links.
func (m *memory) links(ctx context.Context, p *system.Program, file string) bool {
	s := m.servingOf(ctx, p)
	short := m.Roots.Short(file)
	yes, known := s.Links[short]
	if !known {
		yes = m.loader.Links(ctx, p, file)
		s.Links[short], s.more = yes, true
	}
	return yes
}

// notesOf is what earlier flows found in source files.
func (m *memory) notesOf() *source.Notes {
	if m.notes == nil && m.Store != nil {
		m.notes = source.ReadNotes(m.Store.Find(m.notesKey(), nil), m.Disk, m.Roots)
	}
	return m.notes
}

func (m *memory) notesKey() store.Key {
	parts := []string{string(m.Key[:]), "notes"}
	for _, src := range m.system.Sources {
		parts = append(parts, src.Dir)
	}
	return store.KeyOf(parts...)
}

// close keeps what was found out on the way.
func (m *memory) close(ctx context.Context) {
	if m.Store == nil {
		return
	}
	for p, s := range m.serves {
		if !s.more || ctx.Err() != nil {
			continue
		}
		s.more = false
		key, ok := m.programKey(ctx, "serving", p)
		in, err := m.loader.Inputs(ctx, store.Text, p)
		if ok && err == nil && !in.ChangedSince(m.began) {
			m.Store.Save(key, in, encode.Marshal(s), m.Disk)
		}
	}
	if m.notes != nil {
		if data := m.notes.Bytes(); data != nil {
			m.Store.Save(m.notesKey(), &store.Inputs{}, data, nil)
		}
	}
	m.Disk.Keep()
	m.Store.Close()
}
