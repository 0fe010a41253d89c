// Package rivertype is a stand-in for tests of riverqueue/river: real names.
package rivertype

type JobInsertResult struct{ UniqueSkippedAsDuplicate bool }
