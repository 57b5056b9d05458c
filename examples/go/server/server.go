// Package server connects to the job server, or says why that cannot be.
package server

import (
	"errors"
	"fmt"
	"net"
	"os"

	faktory "github.com/contribsys/faktory/client"
)

// Connect gives a client of the server that FAKTORY_URL names. It ends the program, with a message
// that says what to do, when nothing listens there or the password is wrong.
func Connect() *faktory.Client {
	client, err := faktory.Open()
	if err == nil {
		return client
	}
	var network *net.OpError
	if errors.As(err, &network) {
		fmt.Fprintf(os.Stderr, "No job server answers: %v\n", err)
		fmt.Fprintln(os.Stderr, "Start Jobmill with `npm start`, or set FAKTORY_URL to where it runs.")
	} else {
		fmt.Fprintf(os.Stderr, "The job server refused this client: %v\n", err)
		fmt.Fprintln(os.Stderr, "A password belongs into the URL: FAKTORY_URL=tcp://:PASSWORD@HOST:PORT")
	}
	os.Exit(1)
	return nil
}
