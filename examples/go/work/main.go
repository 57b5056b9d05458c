// Work works on the jobs of push, of any of the languages, until Ctrl-C.
package main

import (
	"context"
	"fmt"
	"os"

	worker "github.com/contribsys/faktory_worker_go"

	"example.com/jobmill-example/server"
)

func main() {
	server.Connect().Close()

	manager := worker.NewManager()
	manager.Concurrency = 4
	manager.Labels = []string{"example"}
	manager.Logger = newLogger()
	manager.Register("DigestFile", telling("DigestFile", digestFile))
	manager.Register("PublishReport", telling("PublishReport", publishReport))
	manager.ProcessStrictPriorityQueues("example")

	fmt.Println("Working; stop with Ctrl-C")
	if err := manager.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// telling is the job, with a line on stdout when it fails; the client reports the failure by itself.
func telling(jobtype string, job worker.Perform) worker.Perform {
	return func(ctx context.Context, args ...interface{}) error {
		err := job(ctx, args...)
		if err != nil {
			fmt.Printf("%s failed: %v\n", jobtype, err)
		}
		return err
	}
}

// logger is the client's own, on stderr and without its debug lines: while the server is away it
// writes twenty of them a second for each goroutine.
type logger struct{ *worker.StdLogger }

func newLogger() worker.Logger {
	std, ok := worker.NewStdLogger().(*worker.StdLogger)
	if !ok {
		return worker.NewStdLogger()
	}
	std.SetOutput(os.Stderr)
	return logger{std}
}

func (logger) Debug(...interface{})          {}
func (logger) Debugf(string, ...interface{}) {}
