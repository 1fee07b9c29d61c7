package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// errNotSaved: a file that the person chose cannot be written; the text says why.
var errNotSaved = errors.New("the file was not written")

// save asks the person where to, and writes the file there, readable by them
// alone: whole, or not at all. file is "" where they thought better of it. What
// write has to say comes through as it is.
func (c *core) save(title, name string, write func(io.Writer) error) (file string, err error) {
	file, err = c.screen.SaveAs(title, name)
	if err != nil || file == "" {
		return "", err
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%w: %s is no ordinary file", errNotSaved, file)
	}
	if target, err := filepath.EvalSymlinks(file); err == nil { // what is linked to stays so
		file = target
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".lanyard-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotSaved, causeOf(err))
	}
	defer func() { _ = os.Remove(temp.Name()) }() // it is gone where all went well
	if err := write(temp); err != nil {
		_ = temp.Close()
		return "", err
	}
	err = errors.Join(temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotSaved, causeOf(err))
	}
	return file, nil
}

// causeOf leaves the name of a passing file out of what is told.
func causeOf(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
