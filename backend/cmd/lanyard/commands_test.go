package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"lanyard/backend/diagnosis"
	"lanyard/backend/ownservice"
	"lanyard/backend/why"
)

// printed is what each command prints with --json.
var printed = map[string]any{
	"lanyard login": diagnosis.Account{}, "lanyard accounts": diagnosis.Account{}, "lanyard accounts switch": diagnosis.Account{},
	"lanyard logout": receiptView{}, "lanyard status": statusReport{},
	"lanyard token list": tokenView{}, "lanyard token create": tokenView{}, "lanyard token show": tokenView{}, "lanyard token rename": tokenView{},
	"lanyard token deactivate": tokenView{}, "lanyard token activate": tokenView{}, "lanyard token delete": tokenView{},
	"lanyard token scopes": tokenView{}, "lanyard token rotate": tokenView{}, "lanyard token which": whichView{}, "lanyard token pin": tokenView{}, "lanyard token unpin": tokenView{},
	"lanyard activity": eventView{}, "lanyard apply": applyReport{},
	"lanyard org list": orgView{}, "lanyard org show": orgView{}, "lanyard org create": orgView{}, "lanyard org delete": orgView{},
	"lanyard org grant": orgView{}, "lanyard org revoke": orgView{},
	"lanyard org token list": orgTokenView{}, "lanyard org token create": orgTokenView{}, "lanyard org token show": orgTokenView{},
	"lanyard org token deactivate": orgTokenView{}, "lanyard org token activate": orgTokenView{}, "lanyard org token delete": orgTokenView{},
	"lanyard team list": teamView{}, "lanyard team create": teamView{}, "lanyard team delete": teamView{}, "lanyard team grant": teamView{}, "lanyard team revoke": teamView{},
	"lanyard repo list": repoView{}, "lanyard repo show": repoView{}, "lanyard repo create": repoView{}, "lanyard repo delete": repoView{},
	"lanyard repo grant": repoView{}, "lanyard repo revoke": repoView{}, "lanyard repo visibility": repoView{},
	"lanyard repo explain": explainView{}, "lanyard repo tag list": tagView{}, "lanyard repo tag delete": deletedTags{},
	"lanyard docker setup": setupReport{}, "lanyard docker undo": undoReport{}, "lanyard docker doctor": doctorReport{},
	"lanyard why": why.Report{}, "lanyard uses": diagnosis.Use{},
	"lanyard keychain status": diagnosis.Keychain{}, "lanyard keychain use": diagnosis.Keychain{}, "lanyard keychain move": diagnosis.Keychain{},
	"lanyard keychain unlock": diagnosis.Keychain{}, "lanyard keychain lock": diagnosis.Keychain{},
	"lanyard trust": trustedReport{}, "lanyard trust list": trustedReport{}, "lanyard trust remove": untrusted{},
	"lanyard report": diagnosis.Report{}, "lanyard service start": ownservice.Status{}, "lanyard service stop": stopReport{},
	"lanyard service status": serviceStatusReport{}, "lanyard service install": installReport{}, "lanyard service uninstall": installReport{},
	"lanyard service setup-code": codeReport{}, "lanyard serve gc": ownservice.Collected{},
	"lanyard user list": ownservice.Person{}, "lanyard user add": ownservice.Person{}, "lanyard user passwd": ownservice.Person{},
	"lanyard user disable": ownservice.Person{}, "lanyard user reset-factors": ownservice.Person{}, "lanyard user enable": ownservice.Person{},
}

// row is a line of a table of docs/commands.md.
type row struct {
	json  string
	codes string
}

func ourRoot() *cobra.Command {
	return newRoot(terminal{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }})
}

// runnable are the commands that do something, by their path; those that only
// hold others and those that programs call are not among them.
func runnable(root *cobra.Command) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	each(root, func(cmd *cobra.Command) {
		if cmd != root && !cmd.Hidden && cmd.Annotations["group"] == "" {
			all[cmd.CommandPath()] = cmd
		}
	})
	return all
}

func documented(t *testing.T, root *cobra.Command) map[string]row {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "commands.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]row{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `lanyard ") {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), `\|`, "/"), "|")
		if len(cells) != 6 {
			t.Fatalf("%d cells: %s", len(cells), line)
		}
		said := strings.Trim(strings.TrimSpace(cells[1]), "`")
		cmd, _, err := root.Find(strings.Fields(said)[1:])
		if err != nil || wrong(root, said) != "" {
			t.Errorf("%s: %v %s", said, err, wrong(root, said))
			continue
		}
		if _, twice := rows[cmd.CommandPath()]; twice {
			t.Errorf("%s stands there twice", cmd.CommandPath())
		}
		rows[cmd.CommandPath()] = row{strings.TrimSpace(cells[3]), strings.TrimSpace(cells[4])}
	}
	return rows
}

func TestEveryCommandIsDocumented(t *testing.T) {
	root := ourRoot()
	commands, rows := runnable(root), documented(t, root)
	for path, cmd := range commands {
		r, ok := rows[path]
		if !ok {
			t.Errorf("docs/commands.md does not have %s", path)
			continue
		}
		if has := cmd.Flags().Lookup("json") != nil; has != (r.json != "") || has != (printed[path] != nil) {
			t.Errorf("%s: --json is %v, documented as %q", path, has, r.json)
		}
		if !regexp.MustCompile(`^(the command's, )?[0-5]( [0-5])*$`).MatchString(r.codes) {
			t.Errorf("%s: exit codes %q", path, r.codes)
		}
	}
	for path := range rows {
		if commands[path] == nil {
			t.Errorf("docs/commands.md has %s, which is no command", path)
		}
	}
}

// The fields of --json are a contract: docs/commands.md has each, and no other.
func TestJSONIsAsDocumented(t *testing.T) {
	rows := documented(t, ourRoot())
	for path, value := range printed {
		got := fields(reflect.TypeOf(value))
		slices.Sort(got)
		if want := saidFields(rows, rows[path].json); !slices.Equal(got, want) {
			t.Errorf("%s prints %v, documented are %v", path, got, want)
		}
	}
}

// saidFields are those that a cell names, by itself or by another command.
func saidFields(rows map[string]row, cell string) []string {
	var names []string
	for _, span := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		switch {
		case strings.HasPrefix(span[1], "lanyard "):
			names = append(names, saidFields(rows, rows[span[1]].json)...)
		case span[1] != "null":
			names = append(names, span[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func fields(of reflect.Type) []string {
	var names []string
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, fields(f.Type)...)
		case name != "-":
			names = append(names, name)
		}
	}
	return names
}

// wrong says what is wrong with a command line that the documents show.
func wrong(root *cobra.Command, line string) string {
	words := strings.Fields(line)[1:]
	if len(words) > 0 && (words[0] == "help" || words[0] == "COMMAND") {
		words = nil
	}
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err.Error()
	}
	for i, word := range rest {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		switch {
		case word == "--":
			return ""
		case isFlag && name != "help" && name != "version" && name != "…" && cmd.Flag(name) == nil:
			return cmd.CommandPath() + " has no --" + name
		case i == 0 && !strings.HasPrefix(word, "-") && word != "…" && (cmd == root || cmd.Annotations["group"] != ""):
			return cmd.CommandPath() + " has no " + word
		}
	}
	return ""
}

// What README and docs tell people to type exists, flags and all.
func TestDocumentsNameWhatExists(t *testing.T) {
	root := ourRoot()
	top := filepath.Join("..", "..", "..")
	files, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?m)(?:^|`|\\(|&& )(lanyard [a-z-][^`\n#|<>;)&]*)")
	found := 0
	for _, file := range append(files, filepath.Join(top, "README.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range shown.FindAllStringSubmatch(codeIn(string(text)), -1) {
			found++
			if what := wrong(root, strings.TrimRight(line[1], ".,:")); what != "" {
				t.Errorf("%s: %q: %s", filepath.Base(file), line[1], what)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d command lines were found", found)
	}
}

// codeIn is what a document shows as code: blocks, and spans with their ticks.
func codeIn(text string) string {
	var all strings.Builder
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			all.WriteString(part + "\n")
			continue
		}
		for _, span := range regexp.MustCompile("`[^`\n]+`").FindAllString(part, -1) {
			all.WriteString(span + "\n")
		}
	}
	return all.String()
}

// Each command says what it is for, and completes nothing with files by accident.
func TestEveryCommandIsHelpful(t *testing.T) {
	root := ourRoot()
	each(root, func(cmd *cobra.Command) {
		if cmd.Short == "" && !cmd.Hidden || len(cmd.Short) > 100 {
			t.Errorf("%s: %q says too little, or too much", cmd.CommandPath(), cmd.Short)
		}
		if cmd.Runnable() && cmd.Args == nil {
			t.Errorf("%s takes any arguments", cmd.CommandPath())
		}
	})
}
