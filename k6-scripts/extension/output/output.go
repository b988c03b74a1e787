// Package output is the output sse-record: what the streams of a test run have come to, one JSON object a line.
package output

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.k6.io/k6/metrics"
	k6output "go.k6.io/k6/output"

	"sse-harness/extension/live"
)

func init() {
	k6output.RegisterExtension("sse-record", New)
}

const second = int64(time.Second / time.Microsecond)

// Output writes a line for every second of a run and one for its result.
type Output struct {
	config  config
	file    io.WriteCloser
	buffer  *bufio.Writer
	encoder *json.Encoder
	run     *live.Run
	load    *loadProbe
	stop    chan struct{}
	done    chan error
	abort   func(error)
	// Iterations that should have started and could not.
	dropped atomic.Int64
}

type config struct {
	file          string
	after, length int64
}

// New reads FILE[,after=MICROSECONDS,length=MICROSECONDS]: what is measured begins so long after the first stream was
// due and lasts so long; without a length all of it is measured.
func New(params k6output.Params) (k6output.Output, error) {
	parsed, err := parseConfig(params.ConfigArgument)
	if err != nil {
		return nil, err
	}
	return &Output{config: parsed, run: live.Current, stop: make(chan struct{}), done: make(chan error, 1)}, nil
}

func parseConfig(argument string) (config, error) {
	parts := strings.Split(argument, ",")
	parsed := config{file: parts[0]}
	if parsed.file == "" {
		return parsed, errors.New("sse-record needs a file to write to: --out sse-record=FILE")
	}
	for _, part := range parts[1:] {
		name, text, _ := strings.Cut(part, "=")
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil || value < 0 {
			return parsed, fmt.Errorf("sse-record: %q is not a whole number of microseconds", part)
		}
		switch name {
		case "after":
			parsed.after = value
		case "length":
			parsed.length = value
		default:
			return parsed, fmt.Errorf("sse-record has no setting %q, but after and length", name)
		}
	}
	if parsed.after > 0 && parsed.length == 0 {
		return parsed, errors.New("sse-record: after needs a length too")
	}
	return parsed, nil
}

// Description is shown by k6 run.
func (o *Output) Description() string {
	return "sse-record (" + o.config.file + ")"
}

// Start opens the file, so that one that cannot be written fails before anything is measured.
func (o *Output) Start() error {
	file, err := open(o.config.file)
	if err != nil {
		return fmt.Errorf("sse-record: %w", err)
	}
	o.file = file
	o.buffer = bufio.NewWriter(file)
	o.encoder = json.NewEncoder(o.buffer)
	o.run.Measure(o.config.after, o.config.length)
	o.load = newLoadProbe()
	go func() {
		err := o.follow()
		// Whoever reads is gone, or the disk is full: nothing would come of the rest of the run.
		if err != nil && o.abort != nil {
			o.abort(fmt.Errorf("sse-record: %w", err))
		}
		o.done <- err
	}()
	return nil
}

// open opens a file, or takes the descriptor of /dev/fd/N as it is: when it is a socket, as the pipes of Node are, the
// system cannot open it a second time.
func open(name string) (*os.File, error) {
	if number, isDescriptor := strings.CutPrefix(name, "/dev/fd/"); isDescriptor {
		descriptor, err := strconv.ParseUint(number, 10, 31)
		if err != nil {
			return nil, err
		}
		// Writing nothing tells whether it is open for writing; if not, it is not ours and no File must close it one day.
		if _, err := syscall.Write(int(descriptor), nil); err != nil {
			return nil, &os.PathError{Op: "write", Path: name, Err: err}
		}
		return os.NewFile(uintptr(descriptor), name), nil
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
}

// SetTestRunStopCallback is given the way to end the run.
func (o *Output) SetTestRunStopCallback(abort func(error)) {
	o.abort = abort
}

// AddMetricSamples looks for the one thing that only k6 knows.
func (o *Output) AddMetricSamples(containers []metrics.SampleContainer) {
	for _, container := range containers {
		for _, sample := range container.GetSamples() {
			if sample.Metric.Name == metrics.DroppedIterationsName {
				o.dropped.Add(int64(sample.Value))
			}
		}
	}
}

// Stop writes the result: all streams are over by now.
func (o *Output) Stop() error {
	close(o.stop)
	return errors.Join(<-o.done, o.file.Close())
}

func (o *Output) write(lines ...any) error {
	for _, line := range lines {
		if err := o.encoder.Encode(line); err != nil {
			return err
		}
	}
	// Read while the run goes on.
	return o.buffer.Flush()
}
