package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inText  = regexp.MustCompile("`(lanyard [^`\n]+)`")
	inBlock = regexp.MustCompile(`(?m)^(?:\$ )?(lanyard .*)$`)
	// ends is where a shell, or a remark, takes over.
	ends = regexp.MustCompile(`\s+(?:#|\||<|>|→|;).*|\s{3,}.*`)
)

// Every command that the README and the docs show is one, with flags that it
// has and as many arguments as it takes.
func TestThePagesShowCommandsThatExist(t *testing.T) {
	top := filepath.Join("..", "..", "..")
	names, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, name := range append(names, filepath.Join(top, "README.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []*regexp.Regexp{inText, inBlock} {
			for _, m := range form.FindAllStringSubmatch(string(text), -1) {
				line := ends.ReplaceAllString(m[1], "")
				if strings.Contains(line, "…") {
					continue // a way of speaking
				}
				for _, args := range alternatives(strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(line))) {
					shown++
					if err := isCommand(args[1:], form == inText); err != nil {
						t.Errorf("%s shows %q: %v", filepath.Base(name), m[1], err)
					}
				}
			}
		}
	}
	if shown < 50 {
		t.Errorf("%d commands were found", shown)
	}
}

// alternatives are the command lines that one with a|b in it stands for.
func alternatives(words []string) [][]string {
	all := [][]string{nil}
	for _, word := range words {
		var next [][]string
		for _, line := range all {
			for one := range strings.SplitSeq(word, "|") {
				next = append(next, append(line[:len(line):len(line)], one))
			}
		}
		all = next
	}
	return all
}

// isCommand says whether a command line could be carried out, as far as its
// words go. named: it may be the command's name alone, as in running text.
func isCommand(args []string, named bool) error {
	root := newRoot(terminal{})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if named && cmd.Flags().NArg() == 0 {
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestIsCommand(t *testing.T) {
	for line, want := range map[string]bool{
		"login --device":               true,
		"docker doctor --fix":          true,
		"run --as work -- docker push": true,
		"help":                         true,
		"signin":                       false,
		"docker heal":                  false,
		"login --devise":               false,
		"why":                          false,
		"keychain unlock --for long":   false,
	} {
		if err := isCommand(strings.Fields(line), false); (err == nil) != want {
			t.Errorf("%s: %v", line, err)
		}
	}
}
