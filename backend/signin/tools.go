package signin

import (
	"context"
	"errors"
	"maps"
	"slices"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/keychain"
	"lanyard/backend/machine"
)

// DockerConfig is Docker by way of dockerconfig.
type DockerConfig struct {
	File    dockerconfig.File // docker's own; other tools' are found on record
	Helper  dockerconfig.Helper
	MayCopy bool // the person agreed to a copy of the helper
}

// SetUp makes the tools find our helper for hosts, beside those of before.
func (d *DockerConfig) SetUp(ctx context.Context, hosts []string) error {
	_, err := dockerconfig.SetUpMore(ctx, d.File, d.Helper, KeysOf(hosts), d.MayCopy)
	return err
}

// TakeDown takes hosts out again, of every file that they were put into, and
// the copy of the helper with the last.
func (d *DockerConfig) TakeDown(_ context.Context, hosts []string) error {
	files, err := d.Recorded()
	if err != nil || len(files) == 0 {
		return err
	}
	for _, f := range files {
		if _, err := f.Remove(f.Shape.Keys(hosts)); err != nil {
			return err
		}
	}
	return d.dropHelper()
}

// Tidy takes away what a change that was cut off left beside a file.
func (d *DockerConfig) Tidy() error {
	files, err := d.Recorded()
	for _, f := range files {
		err = errors.Join(err, f.Tidy())
	}
	return err
}

// Undo puts every file back as it was, and takes the copy of the helper away.
// It goes on with the others where one cannot be put back. open: the person
// agreed that passwords which were moved into the keychain come back in clear;
// without it they stay there, and what asks our helper for them goes on.
func (d *DockerConfig) Undo(files []dockerconfig.File, open bool) ([]dockerconfig.Change, error) {
	var changes []dockerconfig.Change
	var failed error
	for _, f := range files {
		c, err := undo(f, open)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		changes = append(changes, c)
	}
	if failed != nil {
		return changes, failed
	}
	return changes, d.dropHelper()
}

func undo(f dockerconfig.File, open bool) (dockerconfig.Change, error) {
	if !open {
		status, err := f.Status()
		if err != nil {
			return dockerconfig.Change{}, err
		}
		if len(status.Moved) > 0 {
			return f.Remove(slices.Concat(status.Hosts, status.Missing, slices.Collect(maps.Keys(status.Other))))
		}
	}
	return f.Undo()
}

// Recorded are the files in which something of ours is.
func (d *DockerConfig) Recorded() ([]dockerconfig.File, error) {
	files, err := dockerconfig.Recorded(d.File.Journal)
	for i := range files {
		files[i].Vault = d.File.Vault
	}
	return files, err
}

// At is another file of a tool, with docker's journal and vault.
func (d *DockerConfig) At(path string, shape dockerconfig.Shape, replace bool) dockerconfig.File {
	f := d.File
	f.Path, f.Shape, f.Replace = path, shape, replace
	return f
}

func (d *DockerConfig) dropHelper() error {
	others, err := dockerconfig.Recorded(d.File.Journal)
	if err != nil || len(others) > 0 {
		return err
	}
	return d.Helper.Undo()
}

// KeysOf are the credHelpers keys of canonical hosts: Docker Hub has two.
func KeysOf(hosts []string) []string { return dockerconfig.Docker.Keys(hosts) }

// Vault keeps what is moved out of a tool's file, in the keychain, as what a
// tool stored itself: the helper answers with it.
type Vault struct{ Computer *Computer }

// Keep is dockerconfig.Vault's.
func (v *Vault) Keep(l dockerconfig.Login) error {
	return v.Computer.state().Update(func(s *machine.State) error {
		for _, host := range l.Hosts {
			stored := keychain.Stored{Username: l.Username, Secret: keychain.Secret(l.Secret)}
			if err := v.Computer.Keychain.PutStored(context.Background(), host, stored); err != nil {
				return err
			}
			name := keychain.StoreName(host)
			delete(s.Tombstones, name)
			e := machine.Entry{Username: l.Username}
			if _, parts, err := keychain.ParseName(name); err != nil || parts[0] != host {
				e.Key = host // too long to be read from the name
			}
			s.Entries[name] = e
		}
		return nil
	})
}

// Reveal is dockerconfig.Vault's.
func (v *Vault) Reveal(host string) (username, secret string, err error) {
	s, err := v.Computer.state().Load()
	if err != nil {
		return "", "", err
	}
	if s.Buried(keychain.StoreName(host)) {
		return "", "", dockerconfig.ErrNoLogin
	}
	stored, err := v.Computer.Keychain.GetStored(context.Background(), host)
	if errors.Is(err, keychain.ErrNotFound) {
		return "", "", dockerconfig.ErrNoLogin
	}
	return stored.Username, stored.Secret.Reveal(), err
}

// Forget is dockerconfig.Vault's. What the keychain will not let go of now is
// removed later, as any entry that is buried.
func (v *Vault) Forget(host string) error {
	err := v.Computer.state().Update(func(s *machine.State) error {
		s.Bury(keychain.StoreName(host), v.Computer.now())
		return nil
	})
	if err != nil {
		return err
	}
	_ = v.Computer.state().Sweep(func(name string) error {
		return v.Computer.Keychain.Delete(context.Background(), name)
	})
	return nil
}
