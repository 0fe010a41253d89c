// Package dataflow reduces the functions of a program to the steps that values
// take in them, as plain data: the SSA can go afterwards.
//
// Words. A register is a value of one function; the parameters come first, then
// the free variables. A step moves values between registers, into memory and out
// of it, and across calls. A register that holds an address stands for what lies
// there too: a field of a pointer and a field of the struct behind it are one.
//
// What decides control is no step: a value that is only compared goes nowhere.
// Every instruction of go/ssa is named in one switch (reduce.go); one that is not
// known ends the program, which the tests over our own sources would show.
package dataflow

// Reg is the number of a value in its function.
type Reg int32

// None stands for what has no register: a constant, a function.
const None Reg = -1

// Var is a parameter or free variable.
type Var struct {
	Name  string
	Type  string // as in Step
	Texts bool   // it is a list of texts
	Keyed bool   // it is a map of texts by texts
}

// Body is the steps of one function, in the order of its blocks.
type Body struct {
	Vars  []Var // parameters, the receiver first, then free variables: register i is Vars[i]
	Free  int   // how many of Vars are free variables
	Regs  int   // how many registers there are
	Steps []Step
}

// Params is how many parameters the function has, its receiver included.
func (b *Body) Params() int { return len(b.Vars) - b.Free }

// Step is one thing that happens to values.
type Step struct {
	Op   Op
	Ref  bool // To is an address, map or slice: what is written through it is seen through Args
	Line int32
	To   Reg
	Args []Reg

	Name string // Copy: "append" where lists are joined, the number of the first element of one that is cut; Field: the field; Elem: the constant key; Global: the variable; Call: the callee's symbol; else what is done
	Type string // Field: the struct that has it; Assert, Convert, Copy: the named type that To has or points to; Global: that of the variable; Call: that of the first result
	Tag  string // Field: its tag

	Embedded bool     // Field: it is embedded
	Held     string   // Field: the named type that it has or points to
	Holds    []string // Field that is embedded: the names that it has in JSON, in lower case
	Removes  bool     // Insert: the element is removed, and has no value
	Link     bool     // Field: it is an address, map, list or interface: a copy of the struct has the same
	Number   bool     // Field: it is a number or a condition
	Else     string   // Copy: a constant that To is where it is none of them

	// Of a call:
	Pos     int      // as in summary.Site
	Results []Reg    // by place; None for those nobody uses, and for errors, conditions and contexts
	Texts   []string // arguments by place that are constants or end in one, "" for others
	Types   []string // of arguments that are turned into an interface: the named types
	Points  []bool   // whether an argument is a pointer, also in an interface
	Callee  Reg      // the function value that is called, None for others

	Func int32 // Closure, and Call of a function that is named: its number, -1 for none
}

// Op is what a step does.
type Op uint8

// The operations. In brackets: what stands in Args.
const (
	Copy    Op = iota // To is the same as one of [values]
	Load              // To is what lies at [address]
	Convert           // To is [value] in another type
	Compute           // To is made of [values] by the operator Name
	Field             // To is the field Name of [struct or its address]
	Elem              // To is the element of [array, slice, map, channel or its address]
	Store             // what lies at [address, value] becomes value
	Insert            // the element Name of [map or channel, value] becomes value
	Assert            // To is [value] if that has the type
	Closure           // To is the function Func with the free variables [values]
	Call              // Results are what Name gives for [arguments]
	Return            // the function gives [results]
	Global            // To is the address of the package variable Name
)

var names = [...]string{"copy", "load", "convert", "compute", "field", "elem", "store", "insert", "assert", "closure", "call", "return", "global"}

// String is the name of the operation.
func (o Op) String() string { return names[o] }
