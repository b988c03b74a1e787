package output

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	k6output "go.k6.io/k6/output"

	"sse-harness/extension/live"
)

func TestAReaderThatGoesEndsTheRun(t *testing.T) {
	before := live.Current
	live.Current = live.NewRun()
	defer func() { live.Current = before }()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// The output closes the descriptor by itself, so it is given one of its own.
	descriptor := duplicate(t, writer)
	_ = writer.Close()
	held, err := New(k6output.Params{ConfigArgument: fmt.Sprint("/dev/fd/", descriptor)})
	if err != nil {
		t.Fatal(err)
	}
	aborted := make(chan error, 1)
	held.(*Output).SetTestRunStopCallback(func(err error) { aborted <- err })
	if err := held.Start(); err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	streams(t, 1, 10*time.Millisecond)
	select {
	case err := <-aborted:
		if err == nil {
			t.Error("without a reason")
		}
	case <-time.After(10 * time.Second):
		t.Error("the run went on")
	}
	if held.Stop() == nil {
		t.Error("it stopped as if everything had been written")
	}
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	reader, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for _, name := range []string{
		filepath.Join(t.TempDir(), "no", "folder"), "/dev/fd/x", "/dev/fd/-1", "/dev/fd/9999",
		fmt.Sprint("/dev/fd/", reader.Fd()),
	} {
		held, err := New(k6output.Params{ConfigArgument: name})
		if err != nil {
			t.Fatal(err)
		}
		if err := held.Start(); err == nil {
			t.Errorf("%s was taken", name)
			_ = held.Stop()
		}
	}
}

func TestConfig(t *testing.T) {
	for argument, want := range map[string]config{
		"f":                   {"f", 0, 0},
		"f,length=5":          {"f", 0, 5},
		"f,after=3,length=5":  {"f", 3, 5},
		"/dev/fd/3,length=10": {"/dev/fd/3", 0, 10},
	} {
		if got, err := parseConfig(argument); err != nil || got != want {
			t.Errorf("%s: %+v, %v", argument, got, err)
		}
	}
	for argument, want := range map[string]string{
		"": "needs a file", ",length=1": "needs a file", "f,length": "not a whole", "f,length=-1": "not a whole",
		"f,length=1.5": "not a whole", "f,since=1": "no setting", "f,after=1": "needs a length",
	} {
		if _, err := parseConfig(argument); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", argument, err)
		}
	}
}

func TestARunWithoutStreamsWritesNothing(t *testing.T) {
	_, stop := started(t, "")
	if lines := stop(); len(lines) != 0 {
		t.Errorf("got %v", lines)
	}
}

func TestAlarmAndGoroutinesEndWithTheRun(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		_, stop := started(t, "")
		streams(t, 1, 10*time.Millisecond)
		stop()
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("goroutines %d -> %d", before, runtime.NumGoroutine())
		}
	}
}

func duplicate(t *testing.T, file *os.File) int {
	t.Helper()
	descriptor, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return descriptor
}
