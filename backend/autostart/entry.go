package autostart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Entries are the desktop entries that a person's desktop starts at log-in, as
// freedesktop.org's autostart specification has them.
type Entries struct{ Dir string }

// EntriesHere are those of the person the environment belongs to; ok is false
// on systems whose desktops know none.
func EntriesHere(getenv func(string) string, home string) (e Entries, ok bool) {
	config := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(home, ".config")
	}
	return Entries{Dir: filepath.Join(config, "autostart")}, runtime.GOOS == "linux"
}

const sealedEntry = "# Written by Lanyard's settings; if you change this file, Lanyard leaves it alone. sha256 "

// Entry is the desktop entry of a job.
func Entry(j Job) (File, error) {
	if err := j.check(); err != nil {
		return File{}, err
	}
	if !filepath.IsAbs(j.Program) || strings.ContainsAny(j.Program, "=\n") {
		return File{}, fmt.Errorf("%w: %q cannot stand in a desktop entry", ErrJob, j.Program)
	}
	words := []string{entryWord(j.Program)}
	for _, a := range j.Args {
		words = append(words, entryWord(a))
	}
	text := "[Desktop Entry]\nType=Application\nVersion=1.0\n" + line("Name", escaped(j.Title)) +
		line("Exec", strings.Join(words, " ")) + "Terminal=false\nX-GNOME-Autostart-enabled=true\n"
	return File{Name: j.Name + ".desktop", Text: sealedEntry + hash(text) + "\n" + text}, nil
}

// entryWord is one word of Exec, quoted as the Desktop Entry Specification
// wants it; what is quoted is escaped once more, as every string is.
func entryWord(word string) string {
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(word) + `"`
	return escaped(strings.ReplaceAll(quoted, "%", "%%"))
}

func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text)
}

// Look says what lies there.
func (e Entries) Look(j Job) (Standing, error) {
	f, err := Entry(j)
	if err != nil {
		return "", err
	}
	path := filepath.Join(e.Dir, f.Name)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Absent, nil
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", path, err)
	case !info.Mode().IsRegular() || info.Size() > 1<<16:
		return Edited, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", path, err)
	}
	if string(text) == f.Text {
		return Current, nil
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if was, ours := strings.CutPrefix(first, sealedEntry); ours && was == hash(rest) {
		return Other, nil
	}
	return Edited, nil
}

// Install writes the entry: ErrEdited if a file of that name is not ours.
func (e Entries) Install(j Job) error {
	standing, err := e.Look(j)
	switch {
	case err != nil:
		return err
	case standing == Current:
		return nil
	case standing == Edited:
		return e.edited(j)
	}
	f, err := Entry(j)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(e.Dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of desktop entries: %w", err)
	}
	if err := put(filepath.Join(e.Dir, f.Name), f.Text); err != nil {
		return fmt.Errorf("write the desktop entry: %w", err)
	}
	return nil
}

// Uninstall takes the entry away: ErrEdited if it is not ours to take.
func (e Entries) Uninstall(j Job) error {
	standing, err := e.Look(j)
	switch {
	case err != nil:
		return err
	case standing == Absent:
		return nil
	case standing == Edited:
		return e.edited(j)
	}
	if err := os.Remove(filepath.Join(e.Dir, j.Name+".desktop")); err != nil {
		return fmt.Errorf("remove the desktop entry: %w", err)
	}
	return nil
}

func (e Entries) edited(j Job) error {
	return fmt.Errorf("%w: %s is not as Lanyard wrote it; it was left as it is", ErrEdited, filepath.Join(e.Dir, j.Name+".desktop"))
}
