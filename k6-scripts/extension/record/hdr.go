package record

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"
	"sync"
)

// The encoding that every HDR tool reads, HdrHistogram V2: a header, then a ZigZag LEB128 number a bucket, where a
// negative one is a run of empty buckets; compressed, with a header of its own. The library's encoder is not used
// because it makes a new compressor, over half a megabyte, each time: with a dozen histograms a second that would be the
// process's only garbage, and all of its growth.
const (
	cookieV2           = 0x1c849303 | 0x10
	cookieV2Compressed = 0x1c849304 | 0x10
	significantDigits  = 3
)

// compressor is kept from histogram to histogram.
type compressor struct {
	plain  []byte
	packed bytes.Buffer
	zlib   *zlib.Writer
}

var compressors = sync.Pool{New: func() any {
	c := &compressor{}
	c.zlib = zlib.NewWriter(&c.packed)
	return c
}}

// Encode gives the buckets as an HdrHistogram (V2, compressed, base64).
func (s *SparseCounts) Encode() (string, error) {
	c := compressors.Get().(*compressor)
	defer compressors.Put(c)
	c.plain = s.appendPlain(c.plain[:0])
	c.packed.Reset()
	// Its length is only known in the end.
	header := [8]byte{}
	c.packed.Write(header[:])
	c.zlib.Reset(&c.packed)
	if _, err := c.zlib.Write(c.plain); err != nil {
		return "", err
	}
	if err := c.zlib.Close(); err != nil {
		return "", err
	}
	packed := c.packed.Bytes()
	binary.BigEndian.PutUint32(packed, cookieV2Compressed)
	binary.BigEndian.PutUint32(packed[4:], uint32(len(packed)-len(header)))
	return base64.StdEncoding.EncodeToString(packed), nil
}

func (s *SparseCounts) appendPlain(into []byte) []byte {
	into = binary.BigEndian.AppendUint32(into, cookieV2)
	lengthAt := len(into)
	into = binary.BigEndian.AppendUint32(into, 0)
	into = binary.BigEndian.AppendUint32(into, 0)
	into = binary.BigEndian.AppendUint32(into, significantDigits)
	into = binary.BigEndian.AppendUint64(into, 1)
	into = binary.BigEndian.AppendUint64(into, uint64(s.Highest))
	into = binary.BigEndian.AppendUint64(into, math.Float64bits(1))
	begin := len(into)
	next := 0
	for _, bucket := range s.Buckets {
		index := bucketIndex(bucket.Lowest)
		if empty := index - next; empty == 1 {
			into = appendZigZag(into, 0)
		} else if empty > 1 {
			into = appendZigZag(into, -int64(empty))
		}
		into = appendZigZag(into, bucket.Count)
		next = index + 1
	}
	binary.BigEndian.PutUint32(into[lengthAt:], uint32(len(into)-begin))
	return into
}

// appendZigZag is exact below 2^55; the format's ninth byte, which is another one than a varint's, is never needed.
func appendZigZag(into []byte, value int64) []byte {
	return binary.AppendVarint(into, value)
}
