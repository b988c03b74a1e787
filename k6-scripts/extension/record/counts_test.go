package record

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func decode(t *testing.T, sparse *SparseCounts) *hdrhistogram.Histogram {
	t.Helper()
	encoded, err := sparse.Encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := hdrhistogram.Decode([]byte(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func TestBucketsAreThoseOfTheLibrary(t *testing.T) {
	library := hdrhistogram.New(1, week, significantDigits)
	random := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		value := random.Int64N(week) >> random.IntN(40)
		lowest := lowestEquivalent(bucketIndex(value))
		if !library.ValuesAreEquivalent(value, lowest) || lowest > value {
			t.Fatalf("%d is said to be in the bucket of %d", value, lowest)
		}
		if lowest > 0 && library.ValuesAreEquivalent(lowest, lowest-1) {
			t.Fatalf("%d is not the lowest of its bucket", lowest)
		}
	}
}

func TestWhatIsEncodedIsWhatWasRecorded(t *testing.T) {
	for _, highest := range []int64{hour, week} {
		random := rand.New(rand.NewPCG(2, 2))
		counts, library := newCounts(highest), hdrhistogram.New(1, highest, significantDigits)
		sum := int64(0)
		for range 5000 {
			value := random.Int64N(highest) >> random.IntN(36)
			counts.record(value)
			sum += value
			if err := library.RecordValue(value); err != nil {
				t.Fatal(err)
			}
		}
		sparse := counts.take()
		decoded := decode(t, sparse)
		same(t, "equal", decoded.Equals(library), true)
		same(t, "range", decoded.HighestTrackableValue(), highest)
		same(t, "count", [2]int64{sparse.Count, sparse.Sum}, [2]int64{5000, sum})
	}
}

func TestAHistogramOfTheTopOfItsRange(t *testing.T) {
	counts := newCounts(hour)
	for _, value := range []int64{0, hour, hour + 1, 3 * hour} {
		counts.record(value)
	}
	sparse := counts.take()
	same(t, "counts", [5]int64{sparse.Count, sparse.Overflow, sparse.Min, sparse.Max, sparse.Sum}, [5]int64{2, 2, 0, 3 * hour, 5*hour + 1})
	same(t, "in buckets", decode(t, sparse).TotalCount(), 2)
	same(t, "the last bucket", sparse.Buckets[1], Bucket{lowestEquivalent(bucketIndex(hour)), 1})
}

func TestOverflowAloneHasNoBucket(t *testing.T) {
	counts := newCounts(hour)
	counts.record(2 * hour)
	sparse := counts.take()
	same(t, "counts", [4]int64{sparse.Count, sparse.Overflow, sparse.Min, sparse.Max}, [4]int64{0, 1, 2 * hour, 2 * hour})
	same(t, "in buckets", decode(t, sparse).TotalCount(), 0)
}

func TestANegativeValueIsNeverRecorded(t *testing.T) {
	counts := newCounts(hour)
	counts.record(-1)
	counts.record(math.MinInt64)
	same(t, "taken", counts.take(), nil)
}

func TestTakingStartsAgainAndKeepsTheMemory(t *testing.T) {
	counts := newCounts(hour)
	for range 3 {
		counts.record(70)
		counts.record(5 * second)
		sparse := counts.take()
		same(t, "counts", [3]int64{sparse.Count, sparse.Min, sparse.Max}, [3]int64{2, 70, 5 * second})
		same(t, "buckets", len(sparse.Buckets), 2)
	}
	if allocated := testing.AllocsPerRun(100, func() { counts.record(5 * second) }); allocated != 0 {
		t.Errorf("%v allocations a value", allocated)
	}
	same(t, "empty", newCounts(hour).take(), nil)
}

func TestRangesOfKeys(t *testing.T) {
	same(t, "with a tag", HighestOf("sse_stream_duration{reason=clean}"), week)
	same(t, "without", HighestOf(keyDelivery), hour)
	for _, name := range TappedNames() {
		if HighestOf(HistogramKey(name)) == 0 {
			t.Errorf("%s has no range", name)
		}
	}
}
