// Package diagram draws a flow: as DOT for Graphviz, as a Mermaid flowchart or
// sequence diagram, and as PlantUML.
//
// It imports package flow and nothing else of the analyzer. It writes text; the
// program callroute-graphviz makes SVG and PNG of DOT.
//
// Words. A lane is the part of the picture that belongs to one program. A
// picture is what is drawn of a flow: never all of a big one. The spine is
// always in it, whole; then, up to the number of functions that was asked for,
// what is nearest to the spine. What is left out is counted in the caption.
//
// Phases: pick chooses the picture; dot, mermaid, sequence and plantuml write
// it. The order of nodes and edges in the input changes no byte.
package diagram
