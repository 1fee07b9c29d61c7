package dockerconfig

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// errChanged: between reading and writing, someone else wrote. Nothing was lost: try again.
var errChanged = errors.New("changed meanwhile")

// snapshot is a file as it was read.
type snapshot struct {
	path   string // where it really is
	exists bool
	data   []byte
	info   fs.FileInfo
}

func (s snapshot) same(o snapshot) bool {
	if s.exists != o.exists || !s.exists {
		return s.exists == o.exists
	}
	return os.SameFile(s.info, o.info) && s.info.ModTime().Equal(o.info.ModTime()) && bytes.Equal(s.data, o.data)
}

// read refuses everything but an ordinary file of our own. A symbolic link is
// followed, as docker does, if what it leads to is ours.
func read(path string) (snapshot, error) {
	s := snapshot{path: path}
	for links := 0; ; links++ {
		info, err := os.Lstat(s.path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && links == 0:
			return s, nil
		case errors.Is(err, fs.ErrNotExist):
			return s, fmt.Errorf("%w: %s is a symbolic link to %s, which does not exist", ErrRefused, path, s.path)
		case err != nil:
			return s, fmt.Errorf("read docker's configuration: %w", err)
		case links > 8:
			return s, fmt.Errorf("%w: %s is a symbolic link that leads through too many others", ErrRefused, path)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if err := plain(s.path, info); err != nil {
				return s, err
			}
			if links > 0 && othersMayWrite(filepath.Dir(s.path)) {
				return s, fmt.Errorf("%w: %s is a symbolic link into %s, to which other accounts may write", ErrRefused, path, filepath.Dir(s.path))
			}
			break
		}
		to, err := os.Readlink(s.path)
		if err != nil {
			return s, fmt.Errorf("read docker's configuration: %w", err)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(s.path), to)
		}
		s.path = to
	}
	f, err := openPlain(s.path) // not a link by now, nor waiting for a FIFO's other end
	if err != nil {
		return s, fmt.Errorf("read docker's configuration: %w", err)
	}
	defer f.Close()
	if s.info, err = f.Stat(); err != nil {
		return s, fmt.Errorf("read docker's configuration: %w", err)
	}
	if err := plain(s.path, s.info); err != nil {
		return s, err
	}
	s.data, err = io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return s, fmt.Errorf("read docker's configuration: %w", err)
	}
	s.exists = true
	return s, nil
}

func plain(path string, info fs.FileInfo) error {
	refuse := func(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }
	switch mode := info.Mode(); {
	case mode.IsDir():
		return refuse(path + " is a folder")
	case !mode.IsRegular():
		return refuse(path + " is not an ordinary file")
	case !ours(info):
		return refuse(path + " belongs to another account")
	case names(info) > 1:
		return refuse(path + " has a second name (a hard link), which a change would leave behind")
	case mode.Perm()&0o200 == 0:
		return refuse(path + " is write-protected")
	case info.Size() > maxBytes:
		return refuse(fmt.Sprintf("%s has more than %d bytes", path, maxBytes))
	}
	return nil
}

// replace puts text in the place of what now was read from. At no time is
// there no file, or half a one; when it fails the old one is there.
func replace(now snapshot, text []byte, temp string, step func(string)) error {
	if err := create(temp, text, now); err != nil {
		return err
	}
	step("temp")
	if again, err := read(now.path); err != nil || !again.same(now) {
		return errors.Join(errChanged, os.Remove(temp))
	}
	var err error
	if now.exists {
		err = exchange(now, temp, text)
	} else {
		err = place(temp, now.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(now.path))
}

// exchange swaps both names in one step and looks at what came out: if docker
// replaced the file after the last look, it gets its own back. The look alone is
// not enough: against the real docker it lost an update in fewer than a hundred
// rounds. Where the file system cannot swap, that last moment stays open.
func exchange(now snapshot, temp string, text []byte) error {
	err := swap(temp, now.path)
	if errors.Is(err, errors.ErrUnsupported) {
		return os.Rename(temp, now.path)
	}
	if err != nil {
		return fmt.Errorf("replace docker's configuration: %w", err)
	}
	out, err := read(temp)
	if err == nil && bytes.Equal(out.data, now.data) {
		return os.Remove(temp)
	}
	if err := swap(temp, now.path); err != nil {
		return fmt.Errorf("put docker's configuration back (it is in %s): %w", temp, err)
	}
	if out, err := read(temp); err != nil || !bytes.Equal(out.data, text) {
		// docker wrote once more in between: the newest counts.
		if err := swap(temp, now.path); err != nil {
			return fmt.Errorf("put docker's configuration back (it is in %s): %w", temp, err)
		}
	}
	return errChanged
}

// place gives temp a name that must be free.
func place(temp, path string) error {
	err := os.Link(temp, path)
	switch {
	case err == nil:
		return os.Remove(temp)
	case errors.Is(err, fs.ErrExist):
		return errChanged
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errChanged
	}
	return os.Rename(temp, path) // a file system without hard links
}

// remove deletes the file if it still is what was read.
func remove(now snapshot, temp string) error {
	if err := os.Rename(now.path, temp); err != nil {
		return errors.Join(errChanged, err)
	}
	if out, err := read(temp); err != nil || !bytes.Equal(out.data, now.data) {
		return errors.Join(errChanged, place(temp, now.path))
	}
	if err := os.Remove(temp); err != nil {
		return fmt.Errorf("delete docker's configuration: %w", err)
	}
	return syncDir(filepath.Dir(now.path))
}

// create writes a new file; one that stands in for another gets its mode, owner and attributes.
func create(path string, text []byte, like snapshot) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write docker's configuration: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(fmt.Errorf("write docker's configuration: %w", err), os.Remove(path))
		}
	}()
	if _, err = f.Write(text); err != nil {
		return err
	}
	if like.exists {
		if err = group(f, like.info); err != nil {
			return err
		}
		if err = f.Chmod(like.info.Mode().Perm()); err != nil {
			return err
		}
		if err = attributes(f, like.path); err != nil {
			return err
		}
	}
	return f.Sync()
}

// writeOwn replaces a file in a folder that is ours alone.
func writeOwn(path string, data []byte, mode fs.FileMode) error {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text())
	if err := writeNew(temp, data, mode); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}

// writeNew makes a file that must not be there, and leaves none when it fails.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// missing lists the folders on the way to dir that are not there, outermost first.
func missing(dir string) ([]string, error) {
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil, nil
	case err == nil:
		return nil, fmt.Errorf("%w: %s is not a folder", ErrRefused, dir)
	case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir:
		return nil, fmt.Errorf("docker's configuration folder: %w", err)
	}
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("%w: %s is a symbolic link to nothing", ErrRefused, dir)
	}
	outer, err := missing(filepath.Dir(dir))
	return append(outer, dir), err
}

// unmake deletes those folders as far as nothing else is in them.
func unmake(made []string) {
	for i := len(made) - 1; i >= 0; i-- {
		if os.Remove(made[i]) != nil {
			return
		}
	}
}
