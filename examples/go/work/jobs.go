package main

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

type record struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	Gzip   int64  `json:"gzip"`
	SHA256 string `json:"sha256"`
}

// digestFile computes a file's SHA-256 and its size under gzip, and keeps both in a record.
// Arguments: the file, the JSON file to write.
func digestFile(_ context.Context, args ...interface{}) error {
	if len(args) != 2 {
		return fmt.Errorf("two arguments are needed, %d came", len(args))
	}
	file, okFile := args[0].(string)
	target, okTarget := args[1].(string)
	if !okFile || !okTarget {
		return errors.New("both arguments are paths")
	}
	found, err := digest(file)
	if err != nil {
		return err
	}
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	// Renamed into place: a job may run twice, and whoever reads the record must find a whole one.
	if err := os.WriteFile(target+".part", text, 0o644); err != nil {
		return err
	}
	if err := os.Rename(target+".part", target); err != nil {
		return err
	}
	fmt.Printf("DigestFile %s: %d bytes, gzip %d bytes, sha256 %s\n",
		file, found.Bytes, found.Gzip, found.SHA256)
	return nil
}

func digest(file string) (record, error) {
	input, err := os.Open(file)
	if err != nil {
		return record{}, err
	}
	defer input.Close()
	hash := sha256.New()
	var compressed counter
	compressor := gzip.NewWriter(&compressed)
	size, err := io.Copy(io.MultiWriter(hash, compressor), input)
	if err == nil {
		err = compressor.Close()
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	return record{File: file, Bytes: size, Gzip: int64(compressed), SHA256: sum}, err
}

type counter int64

func (c *counter) Write(bytes []byte) (int, error) {
	*c += counter(len(bytes))
	return len(bytes), nil
}

// publishReport writes what `sha256sum --check` reads. It fails until the report is approved; its
// first attempt asks for that, so the retry succeeds.
// Arguments: the folder of the records, how many there must be.
func publishReport(_ context.Context, args ...interface{}) error {
	if len(args) != 2 {
		return fmt.Errorf("two arguments are needed, %d came", len(args))
	}
	run, okRun := args[0].(string)
	// The client decodes every JSON number as a float64.
	number, okNumber := args[1].(float64)
	if !okRun || !okNumber {
		return errors.New("the arguments are a path and a number")
	}
	approval := filepath.Join(run, "approved")
	if _, err := os.Stat(approval); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(approval, nil, 0o644); err != nil {
			return err
		}
		return errors.New("the report is not approved yet (the retry comes in 15 to 44 seconds)")
	}
	return publish(run, int(number))
}

func publish(run string, count int) error {
	names, err := filepath.Glob(filepath.Join(run, "*.json"))
	if err != nil {
		return err
	}
	if len(names) < count {
		return fmt.Errorf("%d of %d files are digested", len(names), count)
	}
	var lines strings.Builder
	var bytes, gzipped int64
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var found record
		if err := json.Unmarshal(text, &found); err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", found.SHA256, found.File)
		bytes += found.Bytes
		gzipped += found.Gzip
	}
	report := filepath.Join(run, "report.txt")
	if err := os.WriteFile(report, []byte(lines.String()), 0o644); err != nil {
		return err
	}
	fmt.Printf("PublishReport %s: %d files, %d bytes, gzip %d bytes\n", report, count, bytes, gzipped)
	return nil
}
