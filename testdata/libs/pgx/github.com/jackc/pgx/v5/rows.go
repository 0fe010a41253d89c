// Package pgx is a stand-in for tests of jackc/pgx: real names.
package pgx

type Row interface{ Scan(dest ...any) error }
