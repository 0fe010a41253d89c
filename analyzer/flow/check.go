package flow

// CheckSchema names the version of the JSON of Check.
const CheckSchema = "callroute.check/v1"

// Check is what a file of rules says of the routes of a system.
type Check struct {
	Schema   string      `json:"schema"`
	File     string      `json:"file"`     // of the rules, as it was named
	Rules    int         `json:"rules"`    // how many were asked
	Routes   int         `json:"routes"`   // how many were looked at
	Programs []Component `json:"programs"` // of the findings
	Findings []Finding   `json:"findings"`
	// Suppressed is the findings that the file accepts, each with the reason.
	Suppressed []Finding `json:"suppressed"`
}

// Finding is a rule that does not hold.
type Finding struct {
	Rule    string `json:"rule"`
	Why     string `json:"why,omitempty"`     // what the rule is for, as the file says
	Program string `json:"program,omitempty"` // whose source Site is in; empty: the file of rules
	Route   string `json:"route,omitempty"`   // the command, with its program in front
	Message string `json:"message"`
	Site
	Way    []Step `json:"way,omitempty"`    // from the start of the route to what must not be
	Reason string `json:"reason,omitempty"` // why it is accepted
	Until  string `json:"until,omitempty"`  // the last day on which it is
}
