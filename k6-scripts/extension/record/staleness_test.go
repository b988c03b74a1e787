package record

import "testing"

const tick = StalenessTick

// steadily: an event every 100 ms, each due when it is received.
func (w *world) steadily(s *Stream, from, to int64) {
	for at := from; at < to; at += tick {
		w.at(at)
		w.event(s, at/tick)
	}
}

func mean(c *counts) int64 {
	return c.sum / c.count
}

func TestStalenessIsSampledEvenlyAlthoughThePeriodIsTheTick(t *testing.T) {
	w := newWorld()
	w.measure()
	w.steadily(w.opening(), 0, 10*second)
	w.stopAt(10 * second)
	c := w.exact(1, keyStaleness)
	same(t, "count", c.count, 100)
	between(t, "mean", mean(c), 48*ms, 52*ms)
	between(t, "min", c.min, 0, 2*ms)
	between(t, "max", c.max, 98*ms, 100*ms)
	for _, tenth := range []int64{1, 3, 5, 7, 9} {
		between(t, "share", c.samplesFrom(tenth*10*ms), 98-tenth*10, 102-tenth*10)
	}
}

func TestStalenessIsSpreadOverTheStreams(t *testing.T) {
	w := newWorld()
	w.measure()
	for _, s := range w.openings(100) {
		w.event(s, 0)
	}
	w.stopAt(tick)
	c := w.exact(1, keyStaleness)
	same(t, "count", c.count, 100)
	between(t, "mean", mean(c), 45*ms, 55*ms)
	between(t, "min", c.min, 0, 2*ms)
	between(t, "max", c.max, 98*ms, 100*ms)
}

func TestStalenessTellsOfASilenceByTheShareOfTime(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	w.steadily(s, 0, 4*second)
	w.at(10*second - tick)
	w.event(s, 40)
	w.stopAt(10 * second)
	c := w.exact(1, keyStaleness)
	same(t, "count", c.count, 100)
	between(t, "over a second", c.samplesFrom(second), 49, 51)
	between(t, "over three", c.samplesFrom(3*second), 29, 31)
	between(t, "max", c.max, 5800*ms, 6000*ms)
}

func TestWhatCountsAsTheNewest(t *testing.T) {
	for _, c := range []struct {
		name       string
		act        func(w *world)
		count      int64
		least, max int64
	}{
		{"receipt, where events carry no time", func(w *world) {
			s := w.foreign()
			w.at(500 * ms)
			w.plain(s)
		}, 10, 0, 500 * ms},
		{"no stamp from the future", func(w *world) { w.eventDue(w.opening(), 0, 3600*second) }, 10, 0, second},
		{"no duplicate", func(w *world) {
			s := w.opening()
			w.event(s, 0)
			w.at(900 * ms)
			w.event(s, 0)
		}, 10, 0, second},
		{"the intended start before the first event", func(w *world) {
			s := w.user(-2*second, StreamOptions{})
			w.at(900 * ms)
			w.open(s, 0)
		}, 10, 2 * second, 3 * second},
		{"receipt, where the clock is another", func(w *world) {
			w.r.SetStampClock("none")
			w.eventDue(w.opening(), 0, -5*second)
		}, 10, 0, second},
	} {
		w := newWorld()
		w.measure()
		c.act(w)
		w.stopAt(second)
		found := w.exact(1, keyStaleness)
		same(t, c.name+", count", found.count, c.count)
		between(t, c.name+", min", found.min, c.least, c.least+100*ms)
		between(t, c.name+", max", found.max, c.max-100*ms, c.max)
	}
}

func TestStalenessCountsFromWhenTheEventWasDue(t *testing.T) {
	w := newWorld()
	w.eventDue(w.opening(), 0, -3*second)
	w.measure()
	w.stopAt(second)
	c := w.exact(1, keyStaleness)
	same(t, "count", c.count, 10)
	between(t, "min", c.min, 3*second, 3100*ms)
	between(t, "max", c.max, 3900*ms, 4*second)
}

func TestABusyProcessLosesNoSample(t *testing.T) {
	run := func(readEvery int64) *counts {
		w := newWorld()
		w.measure()
		s := w.opening()
		// What was due meanwhile is read at the end of each stall.
		for end := readEvery; end <= 6*second; end += readEvery {
			w.at(end)
			for due := end - readEvery; due < end; due += 50 * ms {
				w.eventDue(s, due/(50*ms), due)
			}
		}
		w.stopAt(6 * second)
		return w.exact(1, keyStaleness)
	}
	stalled, prompt := run(2*second), run(50*ms)
	same(t, "counts", [2]int64{stalled.count, prompt.count}, [2]int64{60, 60})
	between(t, "old ones", stalled.samplesFrom(second), 26, 34)
	same(t, "old ones without a stall", prompt.samplesFrom(second), 0)
}

func TestHandingInOftenOrOnceGivesTheSameSamples(t *testing.T) {
	for _, period := range []int64{100 * ms, 6 * second} {
		w := newWorld()
		w.measure()
		w.event(w.opening(), 0)
		samples := int64(0)
		for at := period; at <= 6*second; at += period {
			samples += takenOf(w.r.Take(start+at, false), keyStaleness)
		}
		same(t, "samples", samples, 60)
	}
}

// takenOf is how many exact samples an interval has.
func takenOf(interval Interval, key HistogramKey) int64 {
	sum := int64(0)
	for _, p := range interval.Phases {
		for _, h := range p.Set.Histograms {
			if h.Key == key && h.Exact != nil {
				sum += h.Exact.Count
			}
		}
	}
	return sum
}
