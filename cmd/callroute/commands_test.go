package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/flow"
)

// slowly is a fake that notes what was written before each program was asked for.
type slowly struct {
	*fake
	out    *bytes.Buffer
	before map[string]string
}

func (s *slowly) Commands(ctx context.Context, program string) ([]flow.Command, error) {
	s.before[program] = s.out.String()
	return s.fake.Commands(ctx, program)
}

// TestCommandsAppearWhenKnown checks that the commands of one program are written
// before the next one is analyzed, and that JSON stays one document.
func TestCommandsAppearWhenKnown(t *testing.T) {
	t.Setenv("CALLROUTE_CACHE", t.TempDir())
	for _, args := range [][]string{{"commands"}, {"commands", "--json"}} {
		var out, errs bytes.Buffer
		s := &slowly{&fake{}, &out, map[string]string{}}
		open := func(context.Context, sources, func(string)) (analysis, error) { return s, nil }
		if code := newApp(&out, &errs, os.Getenv, open).run(t.Context(), args); code != fine {
			t.Fatalf("%q: exit %d, stderr %q", args, code, errs.String())
		}
		if len(args) > 1 {
			if _, whole := s.before[""]; !whole || !strings.HasPrefix(out.String(), "[") {
				t.Errorf("%q asked for %v and wrote %q", args, s.before, out.String())
			}
			continue
		}
		if have := s.before["kilnd"]; !strings.Contains(have, "glaze") || strings.Contains(have, "/ping") {
			t.Errorf("when kilnd was asked for, %q was written", have)
		}
		if !strings.Contains(out.String(), "/ping") {
			t.Errorf("kilnd is not in %q", out.String())
		}
	}
}
