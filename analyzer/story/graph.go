package story

import "cmp"

// Graph is all that a command can reach. The first visit is where it begins.
type Graph struct {
	Visits []Visit
}

// Visit is a function in one calling context.
type Visit struct {
	Program int  // a number for each program
	Process int  // a number for each way in which a program is started
	Library bool // not part of the sources under study
	Ends    bool // control leaves the system from here, and it is not known where to
	Calls   []Call
	Effects []Effect
	Makers  [][]int   // for each of Calls, the visits that make what it is called on, none where that is not known
	Course  []Stretch // the first is entered first; none where all calls stand in one
}

// Stretch is a part of a visit that runs as a whole.
type Stretch struct {
	Calls []int // places in Calls
	Next  []int // places in the Course of those that may follow
	Ends  bool  // the visit may end after it, and no error is found
}

// Call is a call, or a request that another process answers.
type Call struct {
	To      int  // visit
	Pos     int  // orders the calls and effects of a visit as they are written
	Leaves  bool // into another process
	Starts  bool // a process of its own, rather than a request
	Asks    bool // of a request: it only asks for an answer
	Work    bool // work for whoever takes it, which may be a process of the same program, or this one
	Carries int  // arguments that are no constants
	Terms        // under which it is made
}

// Effect is a call that changes what lasts.
type Effect struct {
	Pos      int
	Prepares bool // only makes room for what others write
	Terms
}

// Terms are those under which something runs once its function, or its phase, was
// entered and no error is found.
type Terms struct {
	Error    bool // only where an error was found
	Off      bool // only with other flags than those of the command line
	Handed   bool // not here: the function is only handed on, and another one calls it
	Loose    int  // how often it is left to others when it runs: handed on, deferred, in a goroutine
	Open     int  // how many conditions are open
	Special  int  // how many ask for something to be there that nobody may have said
	Choices  int  // how often it is one of several answers of a call
	Repeated bool // in a loop
	Once     bool // what it makes is kept for all that come later
}

// Sure reports whether it runs in every run that finds no error.
func (t Terms) Sure() bool { return t.runs() && t.Open == 0 }

// runs reports whether it runs where all open conditions hold, before the visit ends.
func (t Terms) runs() bool { return !t.Error && !t.Off && !t.Handed && t.Loose == 0 }

// plain reports whether it runs where no error is found and nobody asks for anything
// special.
func (t Terms) plain() bool {
	return t.runs() && t.Special == 0 && t.Choices == 0
}

// goesOn reports whether a phase goes on with the call where no error is found and
// nobody asks for anything special. Work that is taken in the same process is part of
// it.
func (c *Call) goesOn() bool {
	t := c.Terms
	if c.Work {
		t.Loose = 0
	}
	return !c.Leaves && t.plain()
}

// with is the terms of what stands under u inside of what stands under t.
func (t Terms) with(u Terms) Terms {
	return Terms{
		Error: t.Error || u.Error, Off: t.Off || u.Off, Handed: t.Handed || u.Handed, Loose: t.Loose + u.Loose,
		Open: t.Open + u.Open, Special: t.Special + u.Special, Choices: t.Choices + u.Choices, Repeated: t.Repeated || u.Repeated,
		Once: t.Once || u.Once,
	}
}

// compare orders terms, the surer ones first.
func (t Terms) compare(u Terms) int {
	return cmp.Or(
		cmp.Compare(rank(t.Error), rank(u.Error)),
		cmp.Compare(rank(t.Off), rank(u.Off)),
		cmp.Compare(rank(t.Handed), rank(u.Handed)),
		cmp.Compare(t.Loose, u.Loose),
		cmp.Compare(t.Open, u.Open),
		cmp.Compare(t.Special, u.Special),
		cmp.Compare(t.Choices, u.Choices),
	)
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}
