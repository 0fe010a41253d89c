// Package pgconn is a stand-in for tests of jackc/pgx: real names.
package pgconn

type CommandTag struct{ s string }
