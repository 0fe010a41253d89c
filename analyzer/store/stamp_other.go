//go:build !linux

package store

import "io/fs"

func inode(fs.FileInfo) uint64 { return 0 }

func changed(info fs.FileInfo) int64 { return info.ModTime().UnixNano() }
