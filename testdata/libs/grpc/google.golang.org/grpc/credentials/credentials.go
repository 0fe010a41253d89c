// Package credentials is a stand-in for tests.
package credentials

type TransportCredentials interface {
	OverrideServerName(string) error
}
