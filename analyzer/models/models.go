// Package models says what libraries do to control flow, as data: one file a
// library, in a form that users write too.
//
// Words. A model is what one library does. Its entries name functions of the
// library by symbol and say what a call of them means: it registers a route, it
// makes a command, it sends a request, it does something to the world. An
// argument is counted as the called function sees it, the receiver of a method
// being 0; for a function without a receiver, 0 is the first argument.
//
// A symbol is written without the library's import path: "New" is a function,
// "Router.Get" a method of the type Router or *Router or of an interface of that
// name, "client.Client.Do" one of the package client below the library's.
// "{Get,Post}" stands for either name, "*" for any.
//
// A model is needed where a library's own source does not tell, or is not
// there: registries that join everything to everything, reflection, struct
// tags. Bodies of a modelled library are not loaded.
package models

// Model is what one library does.
type Model struct {
	Library string   `yaml:"library"` // import path without a major version: /v2 behind it is the same library
	Also    []string `yaml:"also"`    // other import paths of it
	Kind    Kind     `yaml:"kind"`
	Checked []string `yaml:"checked"` // versions against which the model was checked, "PATH VERSION" where Also has several
	Shows   string   `yaml:"shows"`   // the scenario in testdata/scenarios that shows it
	Support Support  `yaml:"support"` // full when empty
	Why     string   `yaml:"why"`     // what is missing, where support is not full
	Bodies  bool     `yaml:"bodies"`  // its own source says the rest and is loaded where the program uses it

	Handlers  []Symbol   `yaml:"handlers"` // types by which a function is known to handle requests: *gin.Context
	Routers   []Symbol   `yaml:"routers"`  // types of routers
	Syntax    Syntax     `yaml:"syntax"`   // of patterns
	Trims     bool       `yaml:"trims"`    // "/" below a prefix is the prefix itself
	Routes    []Route    `yaml:"routes"`
	Groups    []Group    `yaml:"groups"`
	Uses      []Place    `yaml:"uses"` // calls that put functions around what is registered on their receiver
	Listens   []Listen   `yaml:"listens"`
	Commands  []Commands `yaml:"commands"`
	Sends     []Send     `yaml:"sends"`
	Requests  []Request  `yaml:"requests"`
	Bases     []Base     `yaml:"bases"`
	Tasks     []Task     `yaml:"tasks"`
	Provides  []Provide  `yaml:"provides"`
	Annotates []Annotate `yaml:"annotates"`
	Bundles   []Symbol   `yaml:"bundles"` // structs whose fields count as parameters or results, when they are embedded
	Effects   []Effect   `yaml:"effects"`
	Callbacks []Callback `yaml:"callbacks"`
	Passes    []Pass     `yaml:"passes"`
	Arguments []Argument `yaml:"arguments"`
	Leaves    []Leave    `yaml:"leaves"`
	Errors    []Symbol   `yaml:"errors"` // functions that return an error in every run
	Wraps     []Symbol   `yaml:"wraps"`  // functions that return an error where argument 0 is one

	File string `yaml:"-"` // where it was written
	Line int    `yaml:"-"`
	User bool   `yaml:"-"` // written by a user
}

// Kind is what a library is for.
type Kind string

// The kinds of libraries.
const (
	CommandLine Kind = "command line"
	Router      Kind = "router"
	Client      Kind = "client"
	RPC         Kind = "rpc"
	Tasks       Kind = "tasks"
	Messages    Kind = "messages"
	Injection   Kind = "injection"
	Storage     Kind = "storage"
	System      Kind = "system"
)

var kinds = []Kind{CommandLine, Router, Client, RPC, Tasks, Messages, Injection, Storage, System}

// Support is how far a library is followed.
type Support string

// The degrees of support.
const (
	Full   Support = ""
	Partly Support = "partly"
	Not    Support = "not"
)

// Route says that a call registers a handler under a pattern.
type Route struct {
	Call     Symbol   `yaml:"call"`
	Method   *Operand `yaml:"method"`   // a text, an argument, or "name" for the name of the called function
	On       *Arg     `yaml:"on"`       // the router or group, of a function that has no receiver
	Path     *Arg     `yaml:"path"`     // nil when the receiver's chain has it
	Fields   *Fields  `yaml:"fields"`   // where path is a struct, its fields with the method and the path
	Handler  *Arg     `yaml:"handler"`  // the function that serves
	Chain    []Arg    `yaml:"chain"`    // in place of handler: functions that run one after the other, the last serves
	Before   []Arg    `yaml:"before"`   // functions that run before the handler
	Mount    bool     `yaml:"mount"`    // the handler is a router of its own, the pattern its prefix
	Patterns bool     `yaml:"patterns"` // the pattern may begin with a method and a host, as in net/http

	Compiled *Compiled `yaml:"compiled"` // the path is what a call makes of numbers
}

// Compiled says that a call makes a path template of pairs of an operation and a
// number: 1 a segment of any text, 2 the text of that number in the pool, 3 the rest,
// 4 so many segments together, 5 the name of what stands last; 0 does nothing.
type Compiled struct {
	Call Symbol `yaml:"call"`
	Ops  Arg    `yaml:"ops"`
	Pool Arg    `yaml:"pool"`
	Verb *Arg   `yaml:"verb"` // what stands behind a colon at the end
}

// Syntax is how a router writes its patterns.
type Syntax string

// The syntaxes of patterns. Empty is {name}, as in gorilla/mux and chi.
const (
	Braces Syntax = ""
	Colons Syntax = "colons" // ":name" for a segment, "*name" for the rest
)

// Group says that a call gives a router or a route on which more is registered:
// a prefix, the methods, both of them or neither.
type Group struct {
	Call     Symbol   `yaml:"call"`
	Path     *Arg     `yaml:"path"`
	Method   *Operand `yaml:"method"`
	Prefix   bool     `yaml:"prefix"`   // the path is that of all below it
	Before   []Arg    `yaml:"before"`   // functions that run before what is registered on it
	Callback *Arg     `yaml:"callback"` // a function that is given the group, in place of a result
	Itself   bool     `yaml:"itself"`   // it changes the receiver, the result does not matter
}

// Listen says that a call serves a router at an address.
type Listen struct {
	Call    Symbol `yaml:"call"`
	Address *Arg   `yaml:"address"` // nil when it is not an argument
	Handler *Arg   `yaml:"handler"` // argument 0 when nil: the router itself
}

// Send says that a call sends a request.
type Send struct {
	Call    Symbol   `yaml:"call"`
	Method  *Operand `yaml:"method"`
	Path    *Arg     `yaml:"path"`
	Request *Arg     `yaml:"request"` // in place of both: the request, see Requests
	Fields  *Fields  `yaml:"fields"`  // of a request that the program makes as a struct
}

// Fields names the fields of a request or of a route.
type Fields struct {
	Method string `yaml:"method"`
	Path   string `yaml:"path"`
}

// Request says that a call makes a request.
type Request struct {
	Call    Symbol   `yaml:"call"`
	Method  *Operand `yaml:"method"`
	Path    *Arg     `yaml:"path"`
	Request *Arg     `yaml:"request"` // in place of both: the request that it wraps
}

// Base says that a call gives a client the base of its URLs: the client is the
// receiver, or the result.
type Base struct {
	Call Symbol `yaml:"call"`
	URL  Arg    `yaml:"url"`
}

// Place is an argument of a call.
type Place struct {
	Call Symbol `yaml:"call"`
	Arg  Arg    `yaml:"arg"`
}

// Task says that a call registers a function under a kind or a topic, or that it
// asks for one.
type Task struct {
	Register Symbol    `yaml:"register"`
	Ask      Symbol    `yaml:"ask"`
	Kind     *KindOf   `yaml:"kind"`
	Function *Arg      `yaml:"function"` // the function, or the value whose method runs
	Method   string    `yaml:"method"`   // that method
	By       Transport `yaml:"by"`       // task when empty

	Message *MessageIn `yaml:"message"` // bytes of which the first says what is asked
}

// MessageIn is where a message stands: of what asks in an argument of the call, of
// what registers in one of the function; in a field of it where one is named.
type MessageIn struct {
	Arg   Arg    `yaml:"arg"`
	Field string `yaml:"field"`
}

// Transport is how work gets to who does it.
type Transport string

// The transports: a task is work of a kind, a queue has messages on a topic.
const (
	ByTask  Transport = "task"
	ByQueue Transport = "queue"
)

// KindOf is where a kind stands: in an argument, in a field of it; or it is the
// name of the function or the type that the argument is; or all calls have one.
type KindOf struct {
	Arg   Arg    `yaml:"arg"`
	Field string `yaml:"field"`
	Of    What   `yaml:"of"`
	Is    string `yaml:"is"`
}

// What is what a kind is made of.
type What string

// What a kind is made of: a text, the name of a function or of each method of a
// value, the name of a type, the name of the type argument of the call.
const (
	OfText         What = ""
	OfFunction     What = "function"
	OfType         What = "type"
	OfTypeArgument What = "type argument"
)

// Provide says that arguments of a call are functions that a container calls by
// reflection, with what other such functions return.
type Provide struct {
	Call   Symbol `yaml:"call"`
	Arg    Arg    `yaml:"arg"`
	Invoke bool   `yaml:"invoke"` // called for what it does; else when its result is needed
}

// Annotate says that a call wraps such a function; As is the function that names
// the interfaces for which its result stands.
type Annotate struct {
	Call Symbol  `yaml:"call"`
	Arg  Arg     `yaml:"arg"`
	As   *Symbol `yaml:"as"`
}

// Effect says that a call changes the world, or waits for it.
type Effect struct {
	Call   Symbol `yaml:"call"`
	Does   Does   `yaml:"does"`
	Bodies bool   `yaml:"bodies"` // a library that calls it is worth loading
	Probe  *int   `yaml:"probe"`  // argument that, where it is the constant 0, makes it only ask

	Signals bool `yaml:"signals"` // a process gets a signal, which may end it
	Any     *int `yaml:"any"`     // argument that, where it is the constant -1, makes it wait for any process that the program started
}

// Leave says that a call leaves the process in a way that is not followed. It
// becomes a gap.
type Leave struct {
	Call Symbol `yaml:"call"`
	Why  string `yaml:"why"`
	To   *Arg   `yaml:"to"` // the argument that says where to
}

// Pass says that a call passes on what it is given.
type Pass struct {
	Call  Symbol `yaml:"call"`
	From  Arg    `yaml:"from"`
	To    *Arg   `yaml:"to"`    // what it is written into; nil for the first result
	As    Form   `yaml:"as"`    // the form that it is written in
	Of    Form   `yaml:"of"`    // the form that it is read from
	Key   *Arg   `yaml:"key"`   // the key of the element: of To what is set, of From what is read
	Field string `yaml:"field"` // of what the call makes, which holds it
	Same  bool   `yaml:"same"`  // what is written into the result goes to From
	Says  string `yaml:"says"`  // what is done to it
	None  bool   `yaml:"none"`  // it passes nothing on
	File  bool   `yaml:"file"`  // From is the name of a file: the call gives what is in it
}

// Argument says that a call gives arguments of the command line that are no flags,
// counted from 0: the one that At or the argument Index says, or a list of those from
// From on.
type Argument struct {
	Call  Symbol `yaml:"call"`
	At    *int   `yaml:"at"`
	Index *Arg   `yaml:"index"`
	From  *int   `yaml:"from"`
}

// Form is how values are written down.
type Form string

// The forms.
const (
	JSON   Form = "json"
	YAML   Form = "yaml"
	Proto  Form = "proto"
	Query  Form = "query"
	Header Form = "header"
	Path   Form = "path" // of a URL
)

var forms = []Form{"", JSON, YAML, Proto, Query, Header, Path}

// Does is what an effect does.
type Does string

// The effects.
const (
	Prepares Does = "prepare" // makes a directory, opens a file, changes the process: what comes after it is what counts
	Writes   Does = "write"
	Removes  Does = "remove"
	Reads    Does = "read"
	Sends    Does = "send"
	Starts   Does = "start" // a process
	Waits    Does = "wait"
	Leaves   Does = "leave" // the process, in a way that a finder follows
)

var deeds = []Does{Prepares, Writes, Removes, Reads, Sends, Starts, Waits, Leaves}

// Lasts reports whether the world is another one after the effect.
func (d Does) Lasts() bool {
	return d == Prepares || d == Writes || d == Removes || d == Sends || d == Starts
}

// Callback says that a call calls its argument, or functions in fields of it.
type Callback struct {
	Call   Symbol   `yaml:"call"`
	Arg    Arg      `yaml:"arg"`
	Fields []string `yaml:"fields"` // of the argument, which hold the functions: names, or ways to them, "Transport.DialContext"
	Method string   `yaml:"method"` // of the argument, which is called
	When   When     `yaml:"when"`
}

// When is when a callback runs.
type When string

// The times of a callback.
const (
	Now     When = "now"
	Later   When = "later"
	Another When = "goroutine"
)

// Commands says how a program describes its command line. Exactly one of the
// shapes is set.
type Commands struct {
	Fields *CommandFields `yaml:"fields"`
	Calls  *CommandCalls  `yaml:"calls"`
	Values *CommandValues `yaml:"values"`
	Tags   *CommandTags   `yaml:"tags"`
}

// CommandFields is a tree of structs: a field holds the name, another the
// function, another the commands below.
type CommandFields struct {
	Types    []Symbol `yaml:"types"`
	Root     []Symbol `yaml:"root"`    // methods that run the root
	Name     string   `yaml:"name"`    // the first word of this field is the command's
	Aliases  []string `yaml:"aliases"` // fields with other names
	Says     string   `yaml:"says"`    // the field with the sentence that help texts show
	Hidden   string   `yaml:"hidden"`
	Run      []string `yaml:"run"`      // the first of these fields that is set runs
	Before   []Hooks  `yaml:"before"`   // what runs before it, in this order
	After    []Hooks  `yaml:"after"`    // what runs after it, in this order
	Children []string `yaml:"children"` // fields with the commands below
	Attach   []Place  `yaml:"attach"`   // calls that put commands below their receiver
}

// Hooks is fields with functions that run before or after a command; of several in a
// list the first that is set counts.
type Hooks struct {
	Fields []string `yaml:"fields"`
	Of     HooksOf  `yaml:"of"`
}

// HooksOf says whose hooks run.
type HooksOf string

// Whose hooks run: those of the command; of it and all above, outermost first;
// of the nearest one, from it upwards, that has any.
const (
	Own     HooksOf = "own"
	Every   HooksOf = "every"
	Nearest HooksOf = "nearest"
)

// CommandCalls is a tree that calls build: each gives a command below its
// receiver.
type CommandCalls struct {
	Command []Place  `yaml:"command"` // calls that give a command, and the argument with its name
	Roots   []Symbol `yaml:"roots"`   // types that stand for the program; what a function without a receiver makes hangs below it too
	Run     *Place   `yaml:"run"`     // the call that gives a command its function
	Before  *Place   `yaml:"before"`  // the call that gives it one that runs first
	Alias   *Place   `yaml:"alias"`
	Hidden  *Symbol  `yaml:"hidden"`
	Full    *Symbol  `yaml:"full"`   // gives the words of a command, for the program to compare with those that were typed
	Chosen  []Symbol `yaml:"chosen"` // calls that give the words that were typed
	Data    *Arg     `yaml:"data"`   // argument of Command: a value whose method runs
	Method  string   `yaml:"method"` // that method
}

// CommandValues is values of an interface, each with a method that runs it.
type CommandValues struct {
	Register *Place  `yaml:"register"` // the call that registers one
	Name     string  `yaml:"name"`     // the method that gives its name
	Factory  *Symbol `yaml:"factory"`  // in place of both: the type of functions that make one, in a map by their words
	Run      string  `yaml:"run"`      // the method that runs
}

// CommandTags is structs whose fields are commands by their tags.
type CommandTags struct {
	Parse  []Place  `yaml:"parse"`  // calls that are given the struct
	Tag    string   `yaml:"tag"`    // makes a field a command; its text is the name where it has any
	Name   string   `yaml:"name"`   // the tag with the name; without any it is the field's name, in kebab case
	Alias  string   `yaml:"alias"`  // the tag with other names
	Flag   string   `yaml:"flag"`   // the tag that makes a field a flag, with its name
	Hidden string   `yaml:"hidden"` // the tag that hides it
	Embed  string   `yaml:"embed"`  // the tag of a field whose fields count as the struct's own
	Within string   `yaml:"within"` // a tag that can hold all others, with commas between
	Run    string   `yaml:"run"`    // the method that runs
	Before []string `yaml:"before"` // methods of the command and those above it that run first
	Chosen []Symbol `yaml:"chosen"` // what was typed: the words, with placeholders for arguments

	Selected *Selected `yaml:"selected"` // the command that was typed
}

// Selected is a call that gives the command which was typed, and the field of that
// with its last word.
type Selected struct {
	Call  Symbol `yaml:"call"`
	Field string `yaml:"field"`
}
