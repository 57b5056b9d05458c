// Push pushes a DigestFile job for each file of a folder, then one PublishReport job.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	faktory "github.com/contribsys/faktory/client"

	"example.com/jobmill-example/server"
)

func main() {
	folder := "."
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	folder, err := filepath.Abs(folder)
	check("Cannot read the folder", err)
	files, err := regularFiles(folder)
	check("Cannot read the folder", err)
	if len(files) == 0 {
		check("Nothing to do", fmt.Errorf("there are no files in %s", folder))
	}

	client := server.Connect()
	defer client.Close()
	// The jobs of one run share a folder, so that their results outlive the worker.
	run, err := os.MkdirTemp("", "jobmill-example-")
	check("Cannot make a folder for the results", err)

	for index, file := range files {
		push(client, "DigestFile", file, filepath.Join(run, fmt.Sprintf("%d.json", index)))
	}
	push(client, "PublishReport", run, len(files))
	fmt.Printf("Pushed %d DigestFile jobs and one PublishReport job for %s\n", len(files), folder)
}

func push(client *faktory.Client, jobtype string, args ...interface{}) {
	job := faktory.NewJob(jobtype, args...)
	job.Queue = "example"
	check("The job server refused a "+jobtype+" job", client.Push(job))
}

// regularFiles lists the files of a folder, in the order of their names.
func regularFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files, nil
}

func check(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}
