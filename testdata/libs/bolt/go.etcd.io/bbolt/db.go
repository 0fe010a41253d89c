// Package bbolt is a stand-in for tests: real names and signatures.
package bbolt

import "os"

type Options struct{ ReadOnly bool }

type DB struct{ path string }

type Tx struct{ db *DB }

type Bucket struct{ tx *Tx }

func Open(path string, mode os.FileMode, options *Options) (*DB, error) { return &DB{path}, nil }

func (db *DB) Close() error { return nil }

func (db *DB) Update(fn func(*Tx) error) error {
	t := &Tx{db}
	if err := fn(t); err != nil {
		return t.Rollback()
	}
	return t.Commit()
}

func (db *DB) View(fn func(*Tx) error) error {
	t := &Tx{db}
	err := fn(t)
	_ = t.Rollback()
	return err
}

func (db *DB) Begin(writable bool) (*Tx, error) { return &Tx{db}, nil }

func (tx *Tx) Commit() error   { return nil }
func (tx *Tx) Rollback() error { return nil }

func (tx *Tx) Bucket(name []byte) *Bucket { return &Bucket{tx} }

func (tx *Tx) CreateBucketIfNotExists(name []byte) (*Bucket, error) { return &Bucket{tx}, nil }

func (b *Bucket) Put(key []byte, value []byte) error { return nil }
func (b *Bucket) Get(key []byte) []byte              { return nil }

func (b *Bucket) ForEach(fn func(k, v []byte) error) error { return fn(nil, nil) }
