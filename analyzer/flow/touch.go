package flow

// TouchSchema names the version of the JSON of Touch.
const TouchSchema = "callroute.touch/v1"

// Touch is what a change must touch that adds a property like an existing one.
type Touch struct {
	Schema  string        `json:"schema"`
	Program string        `json:"program"`
	Command []string      `json:"command"`
	Like    string        `json:"like"`           // the flag of the existing property
	As      string        `json:"as,omitempty"`   // the flag of the new one …
	Type    string        `json:"type,omitempty"` // … and its type
	Sources []TouchSource `json:"sources"`        // in the order in which they are built
	Patch   string        `json:"patch,omitempty"`
}

// TouchSource is the places in one source.
type TouchSource struct {
	Dir    string       `json:"dir"`
	Places []TouchPlace `json:"places"`
}

// TouchPlace is a line that deals with the existing property.
type TouchPlace struct {
	Site
	Role    string `json:"role"`              // "flag", "field", "test", …
	Code    string `json:"code"`              // the line
	Patched bool   `json:"patched,omitempty"` // the patch has it for the new one
}
