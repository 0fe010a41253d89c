// Package container is the core of the OCI runtime: it turns a bundle into a
// container of the kernel's namespaces and cgroups, and acts on it afterwards.
//
// The words. A bundle is a folder with a config.json, the spec, and a root
// filesystem. A container is what is made of it: an init process in
// namespaces and cgroups of its own, and a folder under Runtime.Root that
// holds its state. Exec puts one more process into it. A process is detached
// if it outlives the program that started it, else it is in the foreground.
//
// No process of the runtime stays: every verb loads the container's state,
// does its work through libcontainer and exits. What is written last is named
// at the end of each way below. A container lives in these phases:
//
//  1. Create starts the program again as "init". That child enters its
//     namespaces and cgroups, changes its root and then waits, with
//     everything done but the exec of the user's program: created.
//  2. Start opens the fifo exec.fifo in the state folder; init was waiting to
//     write to it and now becomes the user's program: running.
//  3. Pause and Resume write the cgroup's freezer: paused, running. Update
//     writes the files of the other controllers.
//  4. The init process ends: stopped. Only its parent learns the exit status,
//     which is why whoever starts the runtime must be a subreaper or use Run.
//  5. Delete removes the cgroups and the state folder.
//
// Checkpoint and Restore leave the work to the program criu.
//
// What it does not do: it sets up no network, mounts no image, keeps no log of
// the container's output, and takes no part in systemd's notify protocol
// (NOTIFY_SOCKET). Containers on cgroup v2 work as far as libcontainer carries
// them; the tests run on the controllers of v1.
package container
