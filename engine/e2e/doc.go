// Package e2e tests the whole engine: five programs as a person starts them,
// driven by their own command line and by docker's.
//
// Each engine under test has a root folder, a socket and a network namespace of
// its own, so that several run side by side and nothing of the machine's is
// touched but cgroups and mounts, which are looked through afterwards.
//
// The tests need root, overlayfs and cgroups, Debian's busybox-static for an
// image and docker.io for docker's command line. As root they fail where one
// is missing. Without root they are left out, and say so.
//
// testdata/commands has a script for each verb. It runs once with each command
// line, on an engine of its own, and the transcripts have to be equal.
// E2E_DAEMON=/usr/sbin/dockerd runs the scripts on docker's own daemon instead,
// which tells whether what they expect is what docker does. Version 20.10 does
// otherwise in two places: it prunes named volumes whatever the client's
// version, and it starts nothing privileged where it lacks a capability itself.
//
// ENGINE_BIN names a folder with the programs; without it they are built.
// E2E_RUNS says how many containers are run in a row, E2E_FAULTS at how many
// moments of a command processes are killed, and with E2E_LOG the logs of the
// daemons are shown although nothing failed. With -conformance FILE what was found
// is written there.
package e2e
