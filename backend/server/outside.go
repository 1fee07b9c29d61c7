package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"time"

	"lanyard/backend/internal/admin"
	"lanyard/backend/internal/events"
	"lanyard/backend/internal/registry"
)

// ListenAdmin opens the admin socket of a data folder, see admin.Listen.
func ListenAdmin(data, runtimeDir string) (net.Listener, error) {
	return admin.Listen(data, runtimeDir)
}

// AuthorityFile is where a data folder publishes the authority that registries
// trust; on a folder never used it is made, with all else.
func AuthorityFile(ctx context.Context, data string, now time.Time) (string, error) {
	path := authorityPath(data)
	if exists(path) {
		return path, nil
	}
	d, err := OpenData(ctx, data, now)
	if err != nil {
		return "", err
	}
	_, err = writeCA(d.Dir, d.Keys.CAPEM())
	return path, errors.Join(err, d.Close())
}

// PrintRegistryConfig writes what a separate registry, reached as name, needs
// in its configuration to trust the service of a data folder and to tell it of
// pulls and pushes; distribution 2.8 and 3 read it. A secret is in it.
func PrintRegistryConfig(w io.Writer, a Address, name, data, ca string) error {
	secret, err := events.OpenSecret(secretPath(data))
	if err != nil {
		return err
	}
	err = registry.PrintStanza(w, registry.Stanza{Realm: a.Public.String() + "/token", Service: name, Issuer: a.Host(), CAFile: ca})
	if err != nil {
		return err
	}
	return events.PrintStanza(w, a.Public.JoinPath("events").String()+"?service="+url.QueryEscape(name), secret)
}
