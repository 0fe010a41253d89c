package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/callroute/callroute/analyzer/flow"
)

// CheckSARIF writes findings as results of SARIF 2.1.0, those that are accepted with
// their suppression. Files are relative to the working directory, as code hosts
// expect it; a way is a code flow.
func CheckSARIF(w io.Writer, c *flow.Check) error {
	run := sarifRun{
		Tool:     sarifTool{Driver: sarifDriver{Name: "callroute", InformationURI: "https://github.com/callroute/callroute", Language: "en-US", Rules: []sarifRule{}}},
		Language: "en-US", Newlines: []string{"\r\n", "\n"}, Results: []sarifResult{},
	}
	dirs := sourceDirs(c)
	known := map[string]bool{}
	add := func(f flow.Finding) {
		if !known[f.Rule] {
			known[f.Rule] = true
			says := f.Why
			if says == "" {
				says = f.Rule
			}
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: f.Rule, Short: sarifMessage{Text: says}})
		}
		sum := sha256.Sum256([]byte(f.Rule + "\x00" + f.Route + "\x00" + f.Message))
		r := sarifResult{
			RuleID: f.Rule, Level: "error", Kind: "fail", Message: sarifMessage{Text: findingWords(f)},
			Locations:    []sarifLocation{placed(dirs, f.Program, f.Site)},
			Fingerprints: map[string]string{"callroute/v1": hex.EncodeToString(sum[:16])},
		}
		if len(f.Way) > 0 {
			thread := sarifThreadFlow{}
			for _, s := range f.Way {
				l := placed(dirs, s.Program, s.Site)
				l.Logical = []sarifLogical{{Name: flow.Short(s.Func), Full: s.Func, Kind: "function"}}
				thread.Locations = append(thread.Locations, sarifThreadFlowLocation{Location: l, Importance: "essential"})
			}
			r.CodeFlows = []sarifCodeFlow{{Message: sarifMessage{Text: f.Route}, ThreadFlows: []sarifThreadFlow{thread}}}
		}
		if f.Reason != "" {
			r.Suppressions = []sarifSuppression{{Kind: "external", Justification: fmt.Sprintf("%s (until %s)", f.Reason, f.Until)}}
		}
		run.Results = append(run.Results, r)
	}
	for _, f := range c.Findings {
		add(f)
	}
	for _, f := range c.Suppressed {
		add(f)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// GitHub writes findings as the commands of a workflow that put annotations on
// lines of a pull request.
func GitHub(w io.Writer, c *flow.Check) error {
	dirs := sourceDirs(c)
	var out strings.Builder
	for _, f := range c.Findings {
		fmt.Fprintf(&out, "::error file=%s,line=%d,title=%s::%s\n",
			property(inTree(dirs, f.Program, f.File)), max(1, f.Line), property("callroute "+f.Rule), data(findingWords(f)))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// data and property write texts into a command of a workflow.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

// findingWords says what does not hold, where, and why it must.
func findingWords(f flow.Finding) string {
	words := f.Message
	if f.Route != "" {
		words = f.Route + ": " + words
	}
	if f.Why != "" {
		words += " (" + f.Why + ")"
	}
	return words
}

func sourceDirs(c *flow.Check) map[string]string {
	out := map[string]string{}
	for _, p := range c.Programs {
		out[p.Name] = p.Dir
	}
	return out
}

// inTree is a file of a program's source as it is called from the working
// directory. What belongs to no program is so already, and a file of a library is
// in no tree.
func inTree(dirs map[string]string, program, file string) string {
	if program == "" || strings.Contains(file, "@") || strings.HasPrefix(file, "$") || path.IsAbs(file) {
		return file
	}
	return path.Join(filepath.ToSlash(dirs[program]), file)
}

func placed(dirs map[string]string, program string, at flow.Site) sarifLocation {
	return sarifLocation{
		Physical: sarifPhysical{
			Artifact: sarifArtifact{URI: (&url.URL{Path: inTree(dirs, program, at.File)}).EscapedPath()},
			Region:   sarifRegion{StartLine: max(1, at.Line)},
		},
		Logical: []sarifLogical{},
	}
}
