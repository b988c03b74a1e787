package record

// occupancy is streams open and wanted, integrated over measured time, for uptime and for the series.
type occupancy struct {
	open, wanted int64
	// Since the last interval, stream-microseconds.
	openTime, wantedTime int64
	// Up to when it is integrated.
	at int64
}

// occupy changes streams open and wanted by these amounts. One that starts late is wanted from when it was due, so its
// part of the measured time already counted is added.
func (r *Recorder) occupy(open, wanted, now int64) {
	o := &r.occupancy
	o.integrate(now, r.measuring)
	if r.measuring {
		if late := o.at - max(now, r.current.start); late > 0 {
			o.openTime += open * late
			o.wantedTime += wanted * late
		}
	}
	o.open += open
	o.wanted += wanted
}

func (o *occupancy) integrate(now int64, measuring bool) {
	passed := now - o.at
	if passed <= 0 {
		return
	}
	o.at = now
	if !measuring {
		return
	}
	o.openTime += o.open * passed
	o.wantedTime += o.wanted * passed
}

// take hands over the time since the last call.
func (o *occupancy) take() (openTime, wantedTime int64) {
	openTime, wantedTime = o.openTime, o.wantedTime
	o.openTime, o.wantedTime = 0, 0
	return openTime, wantedTime
}
