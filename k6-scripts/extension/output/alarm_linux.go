package output

import (
	"encoding/binary"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sse-harness/extension/live"
)

// alarm is a descriptor that the kernel makes readable when it is due. It is found and its reader woken in the very way of
// a socket; a timer of Go's would not do, as it is up to a millisecond late when nothing else goes on.
type alarm struct {
	file *os.File
	// When it is due for the first time, in microseconds of the epoch; from then on every period.
	first int64
}

func newAlarm(period time.Duration) (*alarm, error) {
	descriptor, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	every := unix.NsecToTimespec(period.Nanoseconds())
	first := live.Now() + live.Micros(period)
	if err := unix.TimerfdSettime(descriptor, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		_ = unix.Close(descriptor)
		return nil, err
	}
	return &alarm{os.NewFile(uintptr(descriptor), "alarm"), first}, nil
}

// wait returns how often it has been due since the last time, once that is at least once.
func (a *alarm) wait() (uint64, error) {
	var times [8]byte
	if _, err := a.file.Read(times[:]); err != nil {
		return 0, err
	}
	return binary.NativeEndian.Uint64(times[:]), nil
}

func (a *alarm) close() {
	_ = a.file.Close()
}
