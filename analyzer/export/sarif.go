package export

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// SARIF writes the spine of f as one result with a code flow: a thread flow
// with a location for each step; with Options.Gaps each gap is a result of its own. Paths
// are relative to the source of their program, which is a base URI of the run;
// those of libraries are relative to nothing. The form is SARIF 2.1.0.
func SARIF(w io.Writer, f *flow.Flow, o Options) error {
	r, err := flow.NewRoute(f)
	if err != nil {
		return err
	}
	command := strings.Join(append([]string{f.Program}, f.Command...), " ")
	s := sarif{r}
	run := sarifRun{
		Tool:     sarifTool{Driver: sarifDriver{Name: "callroute", InformationURI: "https://github.com/callroute/callroute", Language: "en-US", Rules: sarifRules}},
		Language: "en-US", Newlines: []string{"\r\n", "\n"},
		BaseIDs: map[string]sarifURI{},
		Results: []sarifResult{},
	}
	for _, c := range f.Components {
		run.BaseIDs[baseID(c.Name)] = sarifURI{URI: base(o, c), Description: &sarifMessage{Text: "source of " + c.Name}}
	}
	if len(f.Spine) > 0 {
		result := sarifResult{
			RuleID: "route", Level: "none", Kind: "informational",
			Message:   sarifMessage{Text: fmt.Sprintf("route of %s", command)},
			Locations: []sarifLocation{s.location(r.Node[f.Spine[0]], "")},
		}
		thread := sarifThreadFlow{}
		depth := 0
		for i, id := range f.Spine {
			n := r.Node[id]
			thread.Locations = append(thread.Locations, sarifThreadFlowLocation{Location: s.location(n, s.words(i)), NestingLevel: depth, Importance: "essential"})
			if r.Onward(i).Kind.Process() {
				depth++
			}
		}
		result.CodeFlows = []sarifCodeFlow{{Message: sarifMessage{Text: command}, ThreadFlows: []sarifThreadFlow{thread}}}
		run.Results = append(run.Results, result)
	}
	for _, n := range f.Nodes {
		if !o.Gaps {
			break
		}
		for _, g := range r.GapsAfter[n.ID] {
			at := s.location(n, "")
			at.Physical.Artifact = artifact(n.Component, g.Site.File)
			at.Physical.Region.StartLine = max(1, g.Site.Line)
			run.Results = append(run.Results, sarifResult{
				RuleID: "gap", Level: "none", Kind: "open",
				Message:   sarifMessage{Text: strings.TrimSpace(fmt.Sprintf("%s %s: %s", g.Kind, g.Detail, g.Reason))},
				Locations: []sarifLocation{at},
			})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

var sarifRules = []sarifRule{
	{ID: "route", Short: sarifMessage{Text: "The route of a command through every process"}},
	{ID: "gap", Short: sarifMessage{Text: "A place where the route goes on and it is not known where to"}},
}

type sarif struct{ *flow.Route }

// words says how the i-th step goes on.
func (s sarif) words(i int) string {
	n := s.Node[s.Spine[i]]
	text := s.Name(n)
	if e := s.Onward(i); e.Kind.Crossing() {
		text += ", then " + strings.TrimSpace(string(e.Kind)+" "+e.Detail)
	}
	return text
}

func (s sarif) location(n flow.Node, words string) sarifLocation {
	l := sarifLocation{
		Physical: sarifPhysical{
			Artifact: artifact(n.Component, n.File),
			Region:   sarifRegion{StartLine: max(1, n.Line)},
		},
		Logical: []sarifLogical{{Name: s.Name(n), Full: n.Func, Kind: "function"}},
	}
	if words != "" {
		l.Message = &sarifMessage{Text: words}
	}
	return l
}

// artifact is a file of a component's source tree, or of a library, which lies in
// no tree.
func artifact(component, file string) sarifArtifact {
	a := sarifArtifact{URI: (&url.URL{Path: file}).EscapedPath()}
	if !strings.Contains(file, "@") && !strings.HasPrefix(file, "$") && !strings.HasPrefix(file, "/") {
		a.BaseID = baseID(component)
	}
	return a
}

// base is where the files of a component lie.
func base(o Options, c flow.Component) string {
	if o.Base == nil {
		return ""
	}
	return o.Base(c)
}

func baseID(component string) string { return "SRC_" + component }

// The part of SARIF 2.1.0 that is written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool     sarifTool           `json:"tool"`
		BaseIDs  map[string]sarifURI `json:"originalUriBaseIds,omitempty"`
		Language string              `json:"language"`
		Newlines []string            `json:"newlineSequences"`
		Results  []sarifResult       `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Language       string      `json:"language"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string       `json:"id"`
		Short sarifMessage `json:"shortDescription"`
	}
	sarifURI struct {
		URI         string        `json:"uri,omitempty"`
		Description *sarifMessage `json:"description,omitempty"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level,omitempty"`
		Kind      string          `json:"kind"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
		CodeFlows []sarifCodeFlow `json:"codeFlows,omitempty"`

		Fingerprints map[string]string  `json:"partialFingerprints,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifCodeFlow struct {
		Message     sarifMessage      `json:"message"`
		ThreadFlows []sarifThreadFlow `json:"threadFlows"`
	}
	sarifThreadFlow struct {
		Locations []sarifThreadFlowLocation `json:"locations"`
	}
	sarifThreadFlowLocation struct {
		Location     sarifLocation `json:"location"`
		NestingLevel int           `json:"nestingLevel"`
		Importance   string        `json:"importance"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations"`
		Message  *sarifMessage  `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Full string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)
