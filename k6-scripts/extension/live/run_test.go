package live

import (
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"
)

func TestTheFirstStreamBeginsTheRun(t *testing.T) {
	run := NewRun()
	run.Measure(10, 20)
	select {
	case <-run.Begun():
		t.Fatal("it began by itself")
	default:
	}
	if run.Recorder() != nil {
		t.Fatal("there is a recorder before anything is recorded")
	}
	const streams = 50
	numbers := make([]int, streams)
	var joining sync.WaitGroup
	for i := range numbers {
		joining.Go(func() { _, numbers[i] = run.Join(1000) })
	}
	joining.Wait()
	<-run.Begun()
	seen := map[int]bool{}
	for _, number := range numbers {
		seen[number] = number >= 0 && number < streams
	}
	if len(seen) != streams || run.Recorder().StartAt() != 1000 {
		t.Errorf("numbers %v, start %d", numbers, run.Recorder().StartAt())
	}
	if border := run.Recorder().NextBorder(); border != 1010 {
		t.Errorf("what is measured begins at %d", border)
	}
}

func TestTargetsAreToldOnceAnOrigin(t *testing.T) {
	run := NewRun()
	learn := func(text string) {
		address, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		run.Learn(address, map[string]string{"server": text})
	}
	learn("http://a/1")
	learn("http://A/2")
	learn("https://a/3")
	if told := run.NewTargets(); len(told) != 2 || told[0].URL != "http://a/1" || told[1].Headers["server"] != "https://a/3" {
		t.Errorf("got %v", told)
	}
	for i := range 2 * mostTargets {
		learn(fmt.Sprintf("http://host%d/", i))
	}
	if told := run.NewTargets(); len(told) != mostTargets-2 || len(run.NewTargets()) != 0 {
		t.Errorf("%d further ones", len(told))
	}
}

func TestTheClock(t *testing.T) {
	before := Now()
	time.Sleep(2 * time.Millisecond)
	now := Now()
	if passed := now - before; passed < 2000 || passed > 10_000_000 {
		t.Errorf("2 ms took %d us", passed)
	}
	if there := Time(now); there.UnixMicro() != now {
		t.Errorf("%d came back as %d", now, there.UnixMicro())
	}
	if apart := time.Now().UnixMicro() - now; apart < -1_000_000 || apart > 10_000_000 {
		t.Errorf("it is %d us off the wall clock", apart)
	}
	if step := Step(); step < -1_000_000 || step > 1_000_000 {
		t.Errorf("the wall clock was moved by %d us", step)
	}
}
