//go:build linux

package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Thing is one thing in a window, as a screen reader is told of it (AT-SPI).
type Thing struct {
	Role       Role
	Name, Text string // the text is its own words
	States     []uint32
	Depth      int
	at         node
}

// Role is what kind of thing it is.
type Role uint32

// Roles of AT-SPI that are asked for here.
const (
	CheckBox     Role = 7
	ColumnHeader Role = 10
	menuButton   Role = 11 // WebKit calls it a combo box
	filler       Role = 20
	MenuItem     Role = 35
	Button       Role = 43
	Radio        Role = 44
	scrollPane   Role = 49
	Cell         Role = 56 // of a table
	Entry        Role = 79
	Heading      Role = 83
	Words        Role = 85 // that are nothing else
	document     Role = 95 // the page
	Term         Role = 122
)

func (r Role) String() string {
	names := map[Role]string{
		CheckBox: "check box", ColumnHeader: "column header", MenuItem: "menu item", Button: "button", Radio: "radio button",
		Cell: "cell", Entry: "entry", Heading: "heading", Words: "words", Term: "term",
	}
	if name, known := names[r]; known {
		return name
	}
	return fmt.Sprintf("role %d", uint32(r))
}

// States of AT-SPI that are asked for here.
const (
	checked = 4
	focused = 12
)

func (t Thing) is(state uint) bool {
	return int(state/32) < len(t.States) && t.States[state/32]&(1<<(state%32)) != 0
}

// Focused says whether the keyboard is there, or at something in it.
func (t Thing) Focused() bool { return t.is(focused) }

// Checked is for check boxes and radio buttons.
func (t Thing) Checked() bool { return t.is(checked) }

func (t Thing) String() string {
	if t.Name == "" || t.Name == t.Text {
		return fmt.Sprintf("%v %q", t.Role, t.Text)
	}
	return fmt.Sprintf("%v %q %q", t.Role, t.Name, t.Text)
}

// node is where a thing is asked: a program's name on the bus, and its path there.
type node struct {
	Program string
	Path    dbus.ObjectPath
}

const (
	accessible = "org.a11y.atspi.Accessible"
	component  = "org.a11y.atspi.Component"
	text       = "org.a11y.atspi.Text"
	embedded   = "\ufffc" // stands in a text for each thing in it
)

// Look reads everything that the program of that name shows, from the top
// to the bottom; nothing, if there is no such program.
func (s *Screen) Look(ctx context.Context, program string) ([]Thing, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r := reader{ctx, s.tree}
	all := r.ask([]node{{"org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"}}, -2)
	tops := r.ask(r.below(all[0]), -1)
	for _, top := range tops {
		if top.thing.Name == program {
			r.read(top)
			return top.flat(nil), ctx.Err()
		}
	}
	return nil, ctx.Err()
}

// height is how high a thing is drawn, in pixels of the screen; 0 of what is not
// drawn, or has gone.
func (s *Screen) height(ctx context.Context, t Thing) int {
	var at struct{ X, Y, Width, Height int32 }
	answer(reader{ctx, s.tree}.call(t.at, component+".GetExtents", uint32(0)), &at)
	return int(at.Height)
}

// reader asks on the bus of screen readers. A thing that goes away meanwhile
// has no answers, which leaves it empty.
type reader struct {
	ctx  context.Context
	conn *dbus.Conn
}

// found is a thing with what is in it.
type found struct {
	node
	thing Thing
	in    []*found
}

// read asks level by level, all of a level at once: a window has hundreds of
// things on few levels.
func (r reader) read(top *found) {
	for level := []*found{top}; len(level) > 0; {
		var next []*found
		for i, nodes := range r.belowAll(level) {
			level[i].in = r.ask(nodes, level[i].thing.Depth)
			next = append(next, level[i].in...)
		}
		level = next
	}
}

func (r reader) below(f *found) []node { return r.belowAll([]*found{f})[0] }

func (r reader) belowAll(level []*found) [][]node {
	calls := make([]*dbus.Call, len(level))
	for i, f := range level {
		calls[i] = r.call(f.node, accessible+".GetChildren")
	}
	all := make([][]node, len(level))
	for i, call := range calls {
		answer(call, &all[i])
		// The socket in which a page of WebKit lies does not list it.
		if len(all[i]) == 0 && level[i].thing.Role == filler {
			var page node
			if answer(r.call(level[i].node, accessible+".GetChildAtIndex", int32(0)), &page); page.Program != "" {
				all[i] = []node{page}
			}
		}
		all[i] = slices.DeleteFunc(all[i], func(n node) bool { return strings.HasSuffix(string(n.Path), "/null") })
	}
	return all
}

// ask asks what things are that lie in one of the given depth.
func (r reader) ask(nodes []node, depth int) []*found {
	type asked struct{ role, state, name, faces, text *dbus.Call }
	calls := make([]asked, len(nodes))
	for i, n := range nodes {
		calls[i] = asked{
			role: r.call(n, accessible+".GetRole"), state: r.call(n, accessible+".GetState"),
			name:  r.call(n, "org.freedesktop.DBus.Properties.Get", accessible, "Name"),
			faces: r.call(n, accessible+".GetInterfaces"),
		}
	}
	all := make([]*found, len(nodes))
	for i, n := range nodes {
		f := &found{node: n, thing: Thing{Depth: depth + 1, at: n}}
		var name dbus.Variant
		var faces []string
		answer(calls[i].role, &f.thing.Role)
		answer(calls[i].state, &f.thing.States)
		answer(calls[i].name, &name)
		answer(calls[i].faces, &faces)
		f.thing.Name, _ = name.Value().(string)
		if slices.Contains(faces, text) {
			calls[i].text = r.call(n, text+".GetText", int32(0), int32(-1))
		}
		all[i] = f
	}
	for i, f := range all {
		if calls[i].text != nil {
			answer(calls[i].text, &f.thing.Text)
			f.thing.Text = strings.Join(strings.Fields(strings.ReplaceAll(f.thing.Text, embedded, " ")), " ")
		}
	}
	return all
}

func (r reader) call(n node, method string, args ...any) *dbus.Call {
	return r.conn.Object(n.Program, n.Path).GoWithContext(r.ctx, method, 0, nil, args...)
}

// answer waits for an answer, and leaves into as it is if there is none.
func answer(call *dbus.Call, into any) {
	if call = <-call.Done; call.Err == nil {
		_ = call.Store(into) // of another type: none
	}
}

func (f *found) flat(things []Thing) []Thing {
	things = append(things, f.thing)
	for _, one := range f.in {
		things = one.flat(things)
	}
	return things
}
