package webui

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"sync"

	"github.com/callroute/callroute/analyzer/flow"
)

// survey is what is known of the whole system, which grows while all programs are
// looked at, one after the other.
type survey struct {
	mu        sync.Mutex
	commands  []listed // in the order in which they became known
	failed    map[string]string
	endpoints *flow.Endpoints // nil until all programs are known
	why       string          // there are no endpoints
	now       *job            // what is being done, nil at the end
	ended     bool
}

// lookAtAll asks for the commands of all programs that are no tests or tools, and
// then for where they meet.
func (v *server) lookAtAll(ctx context.Context) {
	defer v.survey.end()
	auxiliary := v.source.Auxiliary()
	for _, program := range v.source.Programs() {
		if slices.Contains(auxiliary, program) {
			continue
		}
		v.survey.doing(v.listing(program))
		if ctx.Err() != nil {
			return
		}
	}
	j := v.jobs.start("endpoints", func(ctx context.Context, progress func(string)) (any, error) {
		return v.source.Endpoints(ctx, progress)
	})
	v.survey.doing(j)
	v.survey.mu.Lock()
	defer v.survey.mu.Unlock()
	if j.err != nil {
		v.survey.why = j.err.Error()
		return
	}
	v.survey.endpoints = j.answer.(*flow.Endpoints)
}

// doing waits for a job, which is what is being done.
func (s *survey) doing(j *job) {
	s.mu.Lock()
	s.now = j
	s.mu.Unlock()
	<-j.done
}

func (s *survey) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.ended = nil, true
}

// add keeps what a program can be asked for, or why that is not known.
func (s *survey) add(program string, commands []flow.Command, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed[program] = err.Error()
		return
	}
	delete(s.failed, program)
	s.commands = append(s.commands, listed{program, commands})
}

// of is the commands of a program, and whether they are known.
func (s *survey) of(program string) ([]flow.Command, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.commands, func(l listed) bool { return l.program == program })
	if i < 0 {
		return nil, false
	}
	return s.commands[i].commands, true
}

// failure is why the commands of a program are not known, if that is an error.
func (s *survey) failure(program string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed[program]
}

// joins is where programs meet, or why that is not known.
func (s *survey) joins(l labels, colour map[string]int) (picture template.HTML, tables []indexTable, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endpoints == nil {
		return "", nil, s.why
	}
	return l.programMap(s.endpoints, colour), l.endpointTables(s.endpoints), ""
}

// surveyState is how far the survey is.
type surveyState struct {
	Done  int    `json:"done"` // grows with what is known
	Ended bool   `json:"ended"`
	Says  string `json:"says"`
}

func (s *survey) state() surveyState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := surveyState{Done: len(s.commands) + len(s.failed), Ended: s.ended}
	if s.endpoints != nil {
		out.Done++
	}
	if s.now != nil {
		out.Says = s.now.saying()
	}
	return out
}

func (v *server) surveyed(w http.ResponseWriter, _ *http.Request) { writeJSON(w, v.survey.state()) }
