package flow

// Phase is what a program does from where it is entered until it has answered: the
// run of a command line, or a request that is served.
type Phase struct {
	Component string   `json:"component"`
	Entry     int      `json:"entry"`   // node
	Moments   []Moment `json:"moments"` // in the order in which a run comes to them
}

// Moment is what a phase is told for: a crossing into another process, or an effect
// that lasts.
type Moment struct {
	Way      []int  `json:"way"`                // nodes, from the entry to the function in which it stands
	Line     int    `json:"line"`               // in that function's file
	When     When   `json:"when"`               // under which terms it is come to
	Repeated bool   `json:"repeated,omitempty"` // in a loop
	Special  bool   `json:"special,omitempty"`  // under a condition that asks for something: a text, a switch, an object
	Main     bool   `json:"main,omitempty"`     // it is on the spine
	Kind     Kind   `json:"kind,omitempty"`     // of a crossing
	Detail   string `json:"detail,omitempty"`   // of a crossing: as in Edge
	To       int    `json:"to,omitempty"`       // of a crossing: the node it arrives at
	Phase    *int   `json:"phase,omitempty"`    // of a crossing: the phase it enters, by its place in Phases
	Effect   string `json:"effect,omitempty"`   // of an effect: what is called, "os.WriteFile"
}

// When says under which terms a moment is come to, once its phase was entered.
type When string

// The terms, the surest first. What fits several has the last of them.
const (
	Always When = "always" // in every run that finds no error
	Or     When = "or"     // it stands behind one of several answers of a call
	If     When = "if"     // under a condition that is open
	Aside  When = "aside"  // it is left to others when it runs: deferred, in a goroutine, handed on
	Off    When = "off"    // only with other flags than those that were typed, or than none
	Failed When = "failed" // only where an error was found
)
