// The driver of faktory_worker_go; what it is told and what it says: ../driver.ts.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	faktory "github.com/contribsys/faktory/client"
	worker "github.com/contribsys/faktory_worker_go"
)

type event struct {
	Event   string        `json:"event"`
	Jid     string        `json:"jid,omitempty"`
	Jobtype string        `json:"jobtype,omitempty"`
	Args    []interface{} `json:"args,omitempty"`
	Reason  string        `json:"reason,omitempty"`
}

var saying sync.Mutex

func say(what event) {
	saying.Lock()
	defer saying.Unlock()
	check(json.NewEncoder(os.Stdout).Encode(what))
}

func main() {
	switch os.Args[1] {
	case "push":
		push()
	case "work":
		work()
	case "fetch":
		fetch()
	}
}

type order struct {
	Bulk bool `json:"bulk"`
	Jobs []struct {
		Jid        string                 `json:"jid"`
		Jobtype    string                 `json:"jobtype"`
		Args       []interface{}          `json:"args"`
		Queue      string                 `json:"queue"`
		At         string                 `json:"at"`
		Retry      *int                   `json:"retry"`
		ReserveFor int                    `json:"reserve_for"`
		Custom     map[string]interface{} `json:"custom"`
	} `json:"jobs"`
}

func push() {
	var given order
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	check(decoder.Decode(&given))
	var jobs []*faktory.Job
	for _, one := range given.Jobs {
		job := faktory.NewJob(one.Jobtype, one.Args...)
		job.Jid = one.Jid
		job.At = one.At
		job.ReserveFor = one.ReserveFor
		job.Custom = one.Custom
		if one.Queue != "" {
			job.Queue = one.Queue
		}
		if one.Retry != nil {
			job.Retry = one.Retry
		}
		jobs = append(jobs, job)
	}

	client, err := faktory.Open()
	check(err)
	defer client.Close()
	refused := map[string]string{}
	if given.Bulk {
		refused, err = client.PushBulk(jobs)
		check(err)
	} else {
		for _, job := range jobs {
			if err := client.Push(job); err != nil {
				refused[job.Jid] = err.Error()
			}
		}
	}
	for _, job := range jobs {
		if reason, is := refused[job.Jid]; is {
			say(event{Event: "refused", Jid: job.Jid, Reason: reason})
		} else {
			say(event{Event: "pushed", Jid: job.Jid})
		}
	}
}

func work() {
	concurrency, err := strconv.Atoi(os.Getenv("DRIVER_CONCURRENCY"))
	check(err)
	manager := worker.NewManager()
	manager.Concurrency = concurrency
	manager.ProcessWID = os.Getenv("DRIVER_WID")
	manager.Logger = silent{worker.NewStdLogger()}
	manager.ProcessStrictPriorityQueues(strings.Split(os.Getenv("DRIVER_QUEUES"), " ")...)

	var failedOnce sync.Map
	register(manager, "Ok", func(string, []interface{}) error { return nil })
	register(manager, "Fail", func(string, []interface{}) error { return errors.New("boom") })
	register(manager, "FailOnce", func(jid string, _ []interface{}) error {
		if _, before := failedOnce.LoadOrStore(jid, true); before {
			return nil
		}
		return errors.New("not yet")
	})
	register(manager, "Sleep", func(jid string, args []interface{}) error {
		seconds, ok := args[0].(float64)
		if !ok {
			return fmt.Errorf("not a number: %v", args[0])
		}
		time.Sleep(time.Duration(seconds * float64(time.Second)))
		say(event{Event: "done", Jid: jid})
		return nil
	})
	manager.On(worker.Startup, func(*worker.Manager) error {
		say(event{Event: "ready"})
		return nil
	})
	check(manager.Run())
}

func register(manager *worker.Manager, jobtype string, then func(string, []interface{}) error) {
	manager.Register(jobtype, func(ctx context.Context, args ...interface{}) error {
		jid := worker.HelperFor(ctx).Jid()
		say(event{Event: "ran", Jid: jid, Jobtype: jobtype, Args: args})
		return then(jid, args)
	})
}

// fetch takes one job by hand: a handler gets every number as a float64, but the client's Generic
// gives the text, which can be read without loss.
func fetch() {
	client, err := faktory.Open()
	check(err)
	defer client.Close()
	text, err := client.Generic("FETCH " + os.Getenv("DRIVER_QUEUES"))
	check(err)
	var job faktory.Job
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	check(decoder.Decode(&job))
	check(client.Ack(job.Jid))
	say(event{Event: "ran", Jid: job.Jid, Jobtype: job.Type, Args: job.Args})
}

// silent is the client's log on stdout turned off: stdout is for events.
type silent struct{ worker.Logger }

func (silent) Debug(...interface{})          {}
func (silent) Debugf(string, ...interface{}) {}
func (silent) Info(...interface{})           {}
func (silent) Infof(string, ...interface{})  {}
func (silent) Warn(...interface{})           {}
func (silent) Warnf(string, ...interface{})  {}

func (silent) Error(what ...interface{}) { fmt.Fprintln(os.Stderr, what...) }
func (silent) Errorf(format string, what ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", what...)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
