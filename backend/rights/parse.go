package rights

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrFile: the file cannot be carried out; a FileError says all that is wrong.
var ErrFile = errors.New("the file cannot be carried out")

// FileError is everything that is wrong with a file, by line.
type FileError struct{ Faults []Fault }

// Fault is one thing that is wrong with a file.
type Fault struct {
	Line int // from 1; 0: of the whole file
	What string
}

func (e *FileError) Error() string {
	var lines []string
	for _, f := range e.Faults {
		lines = append(lines, fmt.Sprintf("line %d: %s", f.Line, f.What))
	}
	return strings.Join(lines, "\n")
}

// Is makes it an ErrFile.
func (*FileError) Is(target error) bool { return target == ErrFile }

const (
	maxFile        = 1 << 20 // bytes
	maxName        = 64      // characters of a user's, an organisation's and a team's name
	maxRepository  = 255
	maxDescription = 500

	private = "private"
	public  = "public"
)

// Parse reads a file: a *FileError with all that is wrong, not just the first.
func Parse(in io.Reader) (State, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return State{}, err
	case len(text) > maxFile:
		return State{}, &FileError{[]Fault{{1, fmt.Sprintf("the file is longer than %d bytes", maxFile)}}}
	}
	r := &reader{}
	if root := r.document(string(text)); root != nil {
		r.file(root)
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
		return State{}, &FileError{r.faults}
	}
	return r.state, nil
}

// reader walks through the document and collects what is wrong on the way.
type reader struct {
	state  State
	faults []Fault
}

func (r *reader) wrong(at *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, Fault{at.Line, fmt.Sprintf(format, args...)})
}

// document is the one value of the file, nil if there is none to go on with.
func (r *reader) document(text string) *yaml.Node {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		r.wrong(&yaml.Node{Line: 1}, "there is nothing in the file")
		return nil
	} else if err != nil {
		r.faults = append(r.faults, syntax(err))
		return nil
	}
	if err := decoder.Decode(&second); err == nil {
		r.wrong(&second, "a second document begins here; one file has one")
	} else if !errors.Is(err, io.EOF) {
		r.faults = append(r.faults, syntax(err))
	}
	return first.Content[0]
}

var atLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax finds the line in the library's words.
func syntax(err error) Fault {
	words, _, _ := strings.Cut(err.Error(), "\n")
	line, what := 1, words
	if m := atLine.FindStringSubmatch(words); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
		what = m[2]
	}
	return Fault{line, "not YAML: " + what}
}

// entry is a key of a mapping, and its value.
type entry struct{ key, value *yaml.Node }

// entries are those of a mapping; nothing at all is an empty one. known: the
// keys it may have; none: any.
func (r *reader) entries(n *yaml.Node, what string, known ...string) []entry {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	case n.Kind == yaml.AliasNode:
		r.wrong(n, "aliases (*%s) are not understood here; write it out", n.Value)
		return nil
	case n.Kind != yaml.MappingNode:
		r.wrong(n, "%s must be keys and values", what)
		return nil
	}
	var all []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch line, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			r.wrong(key, "%.40q is no key of %s", key.Value, what)
			continue
		case twice:
			r.wrong(key, "%.80q stands here twice, first in line %d", key.Value, line)
			continue
		case len(known) > 0 && !slices.Contains(known, key.Value):
			r.wrong(key, "%.40q is no key of %s; %s are", key.Value, what, strings.Join(known, ", "))
			continue
		}
		seen[key.Value] = key.Line
		all = append(all, entry{key, value})
	}
	return all
}

// text is a value of a single word or line.
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.wrong(n, "aliases (*%s) are not understood here; write it out", n.Value)
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null":
		r.wrong(n, "%s must be a text", what)
	default:
		return n.Value, true
	}
	return "", false
}

// names are a list of user names, each once.
func (r *reader) names(n *yaml.Node, what string) []named {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	case n.Kind != yaml.SequenceNode:
		r.wrong(n, "%s must be a list: [ada, bob]", what)
		return nil
	}
	var all []named
	for _, item := range n.Content {
		name, ok := r.text(item, "a name of "+what)
		switch {
		case !ok:
		case !r.name(item, name, "a user"):
		case slices.ContainsFunc(all, func(o named) bool { return o.name == name }):
			r.wrong(item, "%s stands in %s twice", name, what)
		default:
			all = append(all, named{name, item})
		}
	}
	return all
}

// named is a name, and where it stands.
type named struct {
	name string
	at   *yaml.Node
}

func plain(all []named) []string {
	var names []string
	for _, n := range all {
		names = append(names, n.name)
	}
	return names
}

var (
	component = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$`)
	rightKeys = []string{"read", "write", "admin"}
)

func (r *reader) name(at *yaml.Node, name, whose string) bool {
	if len(name) > maxName || !component.MatchString(name) {
		r.wrong(at, "%.80q cannot be the name of %s: a-z and 0-9, with single . or _ or - between them", name, whose)
		return false
	}
	return true
}

func (r *reader) choice(n *yaml.Node, what string, allowed ...string) string {
	text, ok := r.text(n, what)
	if ok && !slices.Contains(allowed, text) {
		r.wrong(n, "%s is one of %s, not %.40q", what, strings.Join(allowed, ", "), text)
		return ""
	}
	return text
}
