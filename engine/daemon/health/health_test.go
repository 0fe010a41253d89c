package health

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/moby/moby/api/types/container"
)

func TestCheck(t *testing.T) {
	for want, c := range map[string]*container.HealthConfig{
		"":              {Test: []string{"CMD", "x"}, Interval: time.Millisecond},
		"Interval":      {Interval: time.Microsecond},
		"Timeout":       {Timeout: -1},
		"StartPeriod":   {StartPeriod: 1},
		"StartInterval": {StartInterval: 1},
		"Retries":       {Retries: -1},
		"unknown type":  {Test: []string{"true"}},
	} {
		if err := Check(c); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, test := range []struct {
		test, shell, want []string
	}{
		{nil, nil, nil},
		{[]string{"NONE"}, nil, nil},
		{[]string{"CMD"}, nil, nil},
		{[]string{"CMD", "a", "b"}, nil, []string{"a", "b"}},
		{[]string{"CMD-SHELL", "a b"}, nil, []string{"/bin/sh", "-c", "a b"}},
		{[]string{"CMD-SHELL", "a b"}, []string{"ash", "-xc"}, []string{"ash", "-xc", "a b"}},
	} {
		if got := Command(&container.HealthConfig{Test: test.test}, test.shell); !slices.Equal(got, test.want) {
			t.Errorf("%q with shell %q: %q, want %q", test.test, test.shell, got, test.want)
		}
	}
}

func TestMerge(t *testing.T) {
	image := &container.HealthConfig{Test: []string{"CMD", "image"}, Interval: 1, Retries: 2}
	got := Merge(&container.HealthConfig{Interval: 3}, image)
	if got.Test[1] != "image" || got.Interval != 3 || got.Retries != 2 || image.Interval != 1 {
		t.Errorf("%+v", got)
	}
	if Merge(nil, image) != image || Merge(nil, nil) != nil {
		t.Error("one of the two is it")
	}
}

// TestWatch lets answers come, and looks at what becomes of them and when.
func TestWatch(t *testing.T) {
	bad := errors.New("cannot be run")
	for _, test := range []struct {
		name    string
		config  container.HealthConfig
		answers string // + is good, - bad, ! cannot be run, ~ takes too long
		want    string // the status after each, by its first letter
		took    time.Duration
	}{
		{"at once", container.HealthConfig{Interval: time.Second}, "+", "h", time.Second},
		{"three bad ones", container.HealthConfig{}, "---+-", "ssuhh", 150 * time.Second},
		{"one is enough", container.HealthConfig{Retries: 1}, "-+", "uh", time.Minute},
		{"as bad as bad", container.HealthConfig{Retries: 2}, "!!", "su", time.Minute},
		{"too slow", container.HealthConfig{Retries: 2, Timeout: time.Second}, "~~", "su", 62 * time.Second},
		// Up to ten seconds every two of them, and bad ones do not count.
		{"starting", container.HealthConfig{Retries: 1, StartPeriod: 10 * time.Second, StartInterval: 2 * time.Second}, "-----", "ssssu", 10 * time.Second},
		{"healthy while starting", container.HealthConfig{Retries: 1, StartPeriod: 10 * time.Second, StartInterval: 2 * time.Second}, "-+-", "shu", 34 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				began, asked := time.Now(), 0
				h, got := Begin(nil), ""
				Watch(ctx, Probed{
					Config: &test.config, Started: began,
					Run: func(ctx context.Context) (int, string, error) {
						asked++
						switch test.answers[asked-1] {
						case '+':
							return 0, "fine", nil
						case '!':
							return 0, "", bad
						case '~':
							<-ctx.Done()
							return 0, "half", ctx.Err()
						}
						var out Output
						for range 50 {
							_, _ = out.Write(make([]byte, 100))
						}
						return 7, out.String(), nil
					},
					Health: func() *container.Health { return h },
					Note: func(r *container.HealthcheckResult) {
						h = Next(h, &test.config, began, r)
						got += string(h.Status)[:1]
						if len(got) == len(test.answers) {
							stop()
						}
					},
				})
				if took := time.Since(began); got != test.want || took != test.took {
					t.Errorf("%q after %v, want %q after %v", got, took, test.want, test.took)
				}
				for _, r := range h.Log {
					if r.ExitCode == 7 && len(r.Output) != keptOutput+len("...") || r.ExitCode == 0 && r.Output != "fine" {
						t.Errorf("result %+v", r)
					}
				}
			})
		})
	}
}

func TestKept(t *testing.T) {
	h := Begin(nil)
	for i := range keptResults + 3 {
		h = Next(h, &container.HealthConfig{}, time.Now(), &container.HealthcheckResult{ExitCode: i})
	}
	if len(h.Log) != keptResults || h.Log[0].ExitCode != 3 {
		t.Errorf("%d kept, first %+v", len(h.Log), h.Log[0])
	}
	if again := Begin(h); again.Status != container.Starting || len(again.Log) != keptResults || again.FailingStreak != 0 {
		t.Errorf("%+v", again)
	}
}
