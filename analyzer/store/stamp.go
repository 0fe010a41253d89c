package store

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"time"
)

// A stamp is what stat says of a file: size, time of the last change, and where the
// system has them the inode and the time of its last change. Files with one stamp
// have one content.
const stampSize = 4 * 8

// settled is how old a change must be for its time to tell it from the next one:
// the clocks of some file systems tick every two seconds.
const settled = 2 * time.Second

// stampOf is the stamp of a file that is read now. One that has just changed has
// none: it may change again at the same time.
func stampOf(info fs.FileInfo, now time.Time) []byte {
	if now.Sub(info.ModTime()) < settled || now.Sub(time.Unix(0, changed(info))) < settled {
		return make([]byte, stampSize)
	}
	return stamp(info)
}

func stamp(info fs.FileInfo) []byte {
	out := make([]byte, 0, stampSize)
	for _, n := range []int64{info.Size(), info.ModTime().UnixNano(), int64(inode(info)), changed(info)} {
		out = binary.LittleEndian.AppendUint64(out, uint64(n))
	}
	return out
}

// matches reports whether a file is as it was when it got its stamp.
func matches(known []byte, info fs.FileInfo) bool {
	var none [stampSize]byte
	return !bytes.Equal(known, none[:]) && bytes.Equal(known, stamp(info))
}

// newest is when a file changed last, in nanoseconds of Unix time.
func newest(info fs.FileInfo) int64 { return max(info.ModTime().UnixNano(), changed(info)) }
