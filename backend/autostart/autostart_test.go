package autostart_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lanyard/backend/autostart"
)

var update = flag.Bool("update", false, "write testdata anew")

var (
	service = autostart.Job{
		Name: "lanyard", Title: "Lanyard: this computer's own account service and registry", Program: "/home/ada/.local/bin/lanyard",
		Args: []string{"serve", "--own", "--data", "/home/ada/.local/share/lanyard/service"},
	}
	task = autostart.Job{
		Name: "lanyard-janitor", Title: "Lanyard: end what is over", Program: "/home/ada/.local/bin/lanyard",
		Args: []string{"janitor"}, Env: []string{"XDG_STATE_HOME=/home/ada/100% state"}, Every: time.Hour,
	}
)

func golden(t *testing.T, f autostart.File) {
	t.Helper()
	name := filepath.Join("testdata", f.Name)
	if *update {
		if err := os.WriteFile(name, []byte(f.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if f.Text != string(want) {
		t.Errorf("%s is now\n%s", f.Name, f.Text)
	}
}

// What is written on each system, as it is read by people: testdata.
func TestFiles(t *testing.T) {
	for _, j := range []autostart.Job{service, task} {
		units, err := autostart.Units(j)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range units {
			golden(t, f)
		}
		plist, err := autostart.Plist(j)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, plist)
		j.Program, j.Env = `C:\Users\Ada L\AppData\Local\Lanyard\lanyard.exe`, nil
		if len(j.Args) > 3 {
			j.Args = slices.Replace(slices.Clone(j.Args), 3, 4, `C:\Users\Ada L\AppData\Local\lanyard\data\service`)
		}
		task, err := autostart.Task(j, `LAPTOP\Ada L`)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, task)
	}
}

// Paths people have; "\x7f" and the like are in TestJobsThatAreNone.
var paths = map[string]string{
	"plain":          "/opt/lanyard",
	"spaces":         "/opt/my programs/ lanyard ",
	"a percent sign": "/opt/100%/%h%%/lanyard",
	"quotes":         `/opt/"double" 'single'/lanyard`,
	"a dollar":       "/opt/$HOME/${HOME}/$$/lanyard",
	"backslashes":    `/opt/a\b\\c\x41\n/lanyard\`,
	"a semicolon":    "/opt/a;b ; c/lanyard",
	"XML":            "/opt/<a>&amp;</a>]]>/lanyard",
	"other letters":  "/opt/Ünïcode/ランヤード/🦎",
	"a hash":         "/opt/#1/lanyard",
	"at and minus":   "/opt/@-:+!/lanyard",
	"glob and tilde": "/opt/~/*?[a]/lanyard",
	"a comma":        "/opt/a,b={c}/lanyard",
}

// launchd gets the words back, and knows every key.
func TestPlistIsRead(t *testing.T) {
	known := []string{"Label", "ProgramArguments", "EnvironmentVariables", "KeepAlive", "SuccessfulExit", "StartInterval", "RunAtLoad", "ProcessType", "Umask", "ODD"}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			j := task
			j.Program, j.Args, j.Env = path, []string{path, ""}, []string{"ODD=" + path}
			f, err := autostart.Plist(j)
			if err != nil {
				t.Fatal(err)
			}
			keys, words := readPlist(t, f.Text)
			if !slices.Equal(words, []string{"lanyard-janitor", path, path, "", path, "Background"}) {
				t.Errorf("%q", words)
			}
			for _, key := range keys {
				if !slices.Contains(known, key) {
					t.Errorf("launchd knows no %s", key)
				}
			}
		})
	}
}

// readPlist returns the keys and the strings of a property list, and fails on
// what the DTD does not have or where a key has no value.
func readPlist(t *testing.T, text string) (keys, words []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	var open []string
	var inside strings.Builder
	waiting := false // for the value of a key
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return keys, words
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !slices.Contains([]string{"plist", "dict", "array", "key", "string", "integer", "true", "false"}, e.Name.Local) {
				t.Errorf("the DTD has no %s", e.Name.Local)
			}
			if len(open) > 0 && open[len(open)-1] == "dict" {
				if waiting == (e.Name.Local == "key") {
					t.Errorf("%s at the wrong place", e.Name.Local)
				}
				waiting = e.Name.Local == "key"
			}
			open = append(open, e.Name.Local)
			inside.Reset()
		case xml.CharData:
			inside.Write(e)
		case xml.EndElement:
			open = open[:len(open)-1]
			switch e.Name.Local {
			case "key":
				keys = append(keys, inside.String())
			case "string":
				words = append(words, inside.String())
			}
		}
	}
}

// The Task Scheduler's command is the path, and Windows takes the arguments
// apart as they were.
func TestTaskIsRead(t *testing.T) {
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			j := service
			j.Program, j.Args = `C:\`+strings.ReplaceAll(path, `"`, ""), []string{"--data", path, "", `a "b\" c\\`, `d\\ e\`}
			f, err := autostart.Task(j, "ada")
			if name == "a percent sign" { // %/% would be a variable's value
				if !errors.Is(err, autostart.ErrJob) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var read struct {
				Command   string `xml:"Actions>Exec>Command"`
				Arguments string `xml:"Actions>Exec>Arguments"`
			}
			if err := xml.Unmarshal([]byte(f.Text), &read); err != nil {
				t.Fatal(err)
			}
			if got := commandLine(read.Arguments); read.Command != j.Program || !slices.Equal(got, j.Args) {
				t.Errorf("%q %q\nnot %q", read.Command, got, j.Args)
			}
		})
	}
}

// commandLine is CommandLineToArgvW as Microsoft describes it ("Parsing C++
// command-line arguments"), from its second word on.
func commandLine(line string) (words []string) {
	var word strings.Builder
	started, quoted := false, false
	for i := 0; i < len(line); {
		slashes := 0
		for i < len(line) && line[i] == '\\' {
			slashes++
			i++
		}
		if i < len(line) && line[i] == '"' {
			word.WriteString(strings.Repeat(`\`, slashes/2))
			if slashes%2 == 1 {
				word.WriteByte('"')
			} else {
				quoted = !quoted
			}
			started = true
			i++
			continue
		}
		word.WriteString(strings.Repeat(`\`, slashes))
		started = started || slashes > 0
		if i == len(line) {
			break
		}
		if c := line[i]; (c == ' ' || c == '\t') && !quoted {
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		} else {
			word.WriteByte(c)
			started = true
		}
		i++
	}
	if started {
		words = append(words, word.String())
	}
	return words
}

func TestJobsThatAreNone(t *testing.T) {
	units := func(j autostart.Job) error { _, err := autostart.Units(j); return err }
	plist := func(j autostart.Job) error { _, err := autostart.Plist(j); return err }
	windows := func(j autostart.Job) error {
		j.Program = `C:\` + j.Program
		_, err := autostart.Task(j, "ada")
		return err
	}
	for name, change := range map[string]func(*autostart.Job){
		"a line":               func(j *autostart.Job) { j.Program = "/opt/lanyard\nExecStartPre=/bin/evil" },
		"a line in a word":     func(j *autostart.Job) { j.Args = []string{"a\r\nb"} },
		"a line in its title":  func(j *autostart.Job) { j.Title = "a\n[Service]" },
		"a nul":                func(j *autostart.Job) { j.Program = "/opt/\x00" },
		"an escape":            func(j *autostart.Job) { j.Program = "/opt/\x1b[2J" },
		"no UTF-8":             func(j *autostart.Job) { j.Program = "/opt/\xff" },
		"a name with a slash":  func(j *autostart.Job) { j.Name = "../lanyard" },
		"no name":              func(j *autostart.Job) { j.Name = "" },
		"a variable of a line": func(j *autostart.Job) { j.Env = []string{"A=b\nc"} },
		"no variable":          func(j *autostart.Job) { j.Env = []string{"A"} },
		"a variable's name":    func(j *autostart.Job) { j.Env = []string{`a"b=c`} },
		"every second":         func(j *autostart.Job) { j.Every = time.Second },
		"every minus hour":     func(j *autostart.Job) { j.Every = -time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			for format, write := range map[string]func(autostart.Job) error{"systemd": units, "launchd": plist, "Windows": windows} {
				j := service
				change(&j)
				if err := write(j); !errors.Is(err, autostart.ErrJob) || strings.ContainsAny(err.Error(), "\n\x1b\x00") {
					t.Errorf("%s: %v", format, err)
				}
			}
		})
	}
	relative := service
	relative.Program = "lanyard"
	if units(relative) == nil || plist(relative) == nil {
		t.Error("a program looked for on PATH is accepted")
	}
	if _, err := autostart.Task(relative, "ada"); !errors.Is(err, autostart.ErrJob) {
		t.Error(err)
	}
	if _, err := autostart.Task(service, ""); !errors.Is(err, autostart.ErrJob) {
		t.Error(err)
	}
	variables := service
	variables.Program, variables.Env = `C:\lanyard.exe`, []string{"LANYARD_HOME=x"}
	if _, err := autostart.Task(variables, "ada"); !errors.Is(err, autostart.ErrJob) {
		t.Error(err)
	}
}
