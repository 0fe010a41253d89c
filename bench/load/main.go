// Command load makes, starts and removes containers on an engine that speaks
// docker's API, and prints what each took and what the engine holds before and
// after.
//
//	load -H SOCKET [-n CYCLES] [-c CLIENTS] [-at-once N] [-pids PID,...]
//
// A cycle is create, start and remove of a container of the image busybox that
// sleeps. Times are of the requests, in milliseconds; memory is resident.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	socket := flag.String("H", "", "`SOCKET` of the engine")
	cycles := flag.Int("n", 200, "cycles in all")
	clients := flag.Int("c", 8, "clients at once")
	atOnce := flag.Int("at-once", 100, "containers that run at once at the end")
	pids := flag.String("pids", "", "processes of the engine, with commas")
	flag.Parse()
	e := engine{client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(*socket, "unix://"))
		},
		MaxIdleConnsPerHost: *clients,
	}}, took: map[string][]time.Duration{}}
	held := func(when string) {
		for pid := range strings.SplitSeq(*pids, ",") {
			if pid != "" {
				fmt.Fprintf(os.Stdout, "%s: %s\n", when, holds(pid))
			}
		}
	}
	held("before")
	e.each(*cycles, *clients, func(int) error {
		id, err := e.create()
		if err == nil {
			err = e.do("start", http.MethodPost, "/containers/"+id+"/start", nil, nil)
		}
		if err == nil {
			err = e.do("remove", http.MethodDelete, "/containers/"+id+"?force=1", nil, nil)
		}
		return err
	})
	fmt.Fprintf(os.Stdout, "%d cycles by %d clients\n", *cycles, *clients)
	e.print()
	held("after")

	e.took = map[string][]time.Duration{}
	ids := make([]string, *atOnce)
	e.each(*atOnce, *clients, func(i int) (err error) {
		if ids[i], err = e.create(); err != nil {
			return err
		}
		return e.do("start", http.MethodPost, "/containers/"+ids[i]+"/start", nil, nil)
	})
	for range 20 {
		if err := e.do("list", http.MethodGet, "/containers/json", nil, nil); err != nil {
			fail(err)
		}
	}
	fmt.Fprintf(os.Stdout, "%d containers that run at once\n", *atOnce)
	held("with them")
	e.each(*atOnce, *clients, func(i int) error {
		return e.do("remove", http.MethodDelete, "/containers/"+ids[i]+"?force=1", nil, nil)
	})
	e.print()
	held("without")
}

// engine is the one under load.
type engine struct {
	client *http.Client
	mu     sync.Mutex
	took   map[string][]time.Duration
}

// each calls f n times, by several clients at once.
func (e *engine) each(n, clients int, f func(i int) error) {
	next := make(chan int)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					fail(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

func (e *engine) create() (string, error) {
	var made struct{ ID string }
	body := map[string]any{"Image": "busybox", "Cmd": []string{"sleep", "1000"}, "HostConfig": map[string]any{"NetworkMode": "none"}}
	err := e.do("create", http.MethodPost, "/containers/create", body, &made)
	return made.ID, err
}

// do sends one request and notes how long it took.
func (e *engine) do(name, method, path string, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, "http://engine"+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	resp, err := e.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	took := time.Since(began)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.took[name] = append(e.took[name], took)
	return err
}

func (e *engine) print() {
	for _, name := range []string{"create", "start", "list", "remove"} {
		all := e.took[name]
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		at := func(percent int) float64 {
			return float64(all[(len(all)-1)*percent/100].Microseconds()) / 1000
		}
		fmt.Fprintf(os.Stdout, "%-7s p50 %.1f  p99 %.1f\n", name, at(50), at(99))
	}
}

// holds is a process's memory and open files.
func holds(pid string) string {
	comm, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		fail(err)
	}
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		fail(err)
	}
	memory := "?"
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			memory = strings.TrimSpace(value)
		}
	}
	files, err := os.ReadDir("/proc/" + pid + "/fd")
	if err != nil {
		fail(err)
	}
	return fmt.Sprintf("%s %s, %d files", strings.TrimSpace(string(comm)), memory, len(files))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}
