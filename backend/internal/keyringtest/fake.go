//go:build linux

package keyringtest

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Mode is what a Fake does when it is asked to write, delete or unlock.
type Mode string

const (
	Obey    Mode = "obey"    // does it
	Dismiss Mode = "dismiss" // prompts, and the person dismisses the prompt
	Hang    Mode = "hang"    // prompts, and nobody ever answers
	Garble  Mode = "garble"  // stores something else
	Babble  Mode = "babble"  // prompts, and says nonsense of how that ended
	Bare    Mode = "bare"    // has no collection to write to
	Miss    Mode = "miss"    // refuses a caller's first search, as gnome-keyring does now and then
)

// Fake is a Secret Service that misbehaves as told. It is a fake: it keeps its
// items in memory, and a lock of it is a word.
type Fake struct {
	conn *dbus.Conn

	mu    sync.Mutex
	mode  Mode
	items map[dbus.ObjectPath]fakeItem
	next  int
	met   map[string]bool // callers that had an answer
	rude  []string
	calls int

	locked    bool
	hangAt    string // member or property
	dieAt     string
	released  chan struct{} // closed when what hangs goes on
	prompting int           // prompts that wait for somebody
	atOnce    int           // the most that ever did
}

type fakeItem struct {
	attributes map[string]string
	value      []byte
}

const (
	fakeDefault = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	fakeService = dbus.ObjectPath("/org/freedesktop/secrets")
	fakePrompt  = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
	fakeSession = dbus.ObjectPath("/org/freedesktop/secrets/session/s1")
	noPrompt    = dbus.ObjectPath("/")
)

// StartFake puts a fake on the bus of a session that has no daemon.
func (s *Session) StartFake(t TB, mode Mode) *Fake {
	t.Helper()
	f := &Fake{mode: mode, items: map[dbus.ObjectPath]fakeItem{}, met: map[string]bool{}, released: make(chan struct{})}
	conn, err := dbus.Connect(s.Address, dbus.WithIncomingInterceptor(f.incoming), dbus.WithOutgoingInterceptor(f.outgoing))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.HangAt("")
		conn.Close()
	})
	f.conn = conn
	for path, o := range map[dbus.ObjectPath]struct {
		face  string
		value any
	}{
		fakeService: {"org.freedesktop.Secret.Service", fakeServiceObject{f}},
		fakeDefault: {collection, fakeCollectionObject{f}},
		fakeSession: {"org.freedesktop.Secret.Session", fakeSessionObject{}},
		fakePrompt:  {"org.freedesktop.Secret.Prompt", fakePromptObject{f}},
	} {
		if err := conn.Export(o.value, path, o.face); err != nil {
			t.Fatal(err)
		}
		if err := conn.Export(fakeProperties{f, path}, path, "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
	}
	reply, err := conn.RequestName(secrets, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = fmt.Errorf("the name %s is taken", secrets)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Set changes what the fake does from now on.
func (f *Fake) Set(mode Mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = mode
}

// Lock says from now on that everything is locked. A prompt unlocks it, if the
// mode is Obey.
func (f *Fake) Lock() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = true
}

// HangAt makes the fake stop dead when it is next asked for a method, or for
// a property, of that name; it goes on at the next HangAt.
func (f *Fake) HangAt(member string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hangAt = member
	close(f.released)
	f.released = make(chan struct{})
}

// DieAt makes the fake leave the bus, as a daemon that is killed, when it is
// next asked for a method, or for a property, of that name.
func (f *Fake) DieAt(member string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dieAt = member
}

// Die makes it leave the bus now.
func (f *Fake) Die() { _ = f.conn.Close() }

// Forget removes all items.
func (f *Fake) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.items)
}

// Prompts is how many prompts wait for somebody, and how many did at most.
func (f *Fake) Prompts() (now, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.prompting, f.atOnce
}

// Add puts an item of go-keyring's form there, duplicates included.
func (f *Fake) Add(service, name string, value []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(map[string]string{"service": service, "username": name}, value)
}

// Rude lists the calls that would abort a real gnome-keyring now and then: a
// session or a property, asked for before the caller had any answer.
func (f *Fake) Rude() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.rude)
}

// Calls is how many calls there were so far.
func (f *Fake) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *Fake) incoming(m *dbus.Message) {
	if m.Type == dbus.TypeMethodCall {
		f.mu.Lock()
		f.calls++
		f.mu.Unlock()
	}
	sender, _ := m.Headers[dbus.FieldSender].Value().(string)
	member, _ := m.Headers[dbus.FieldMember].Value().(string)
	f.trouble(m, member)
	if m.Type != dbus.TypeMethodCall || member == "SearchItems" || member == "Ping" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.met[sender] {
		f.rude = append(f.rude, member)
	}
}

func (f *Fake) trouble(m *dbus.Message, member string) {
	if member == "Get" && len(m.Body) == 2 {
		member, _ = m.Body[1].(string)
	}
	f.mu.Lock()
	hang, die, released := m.Type == dbus.TypeMethodCall && member == f.hangAt, m.Type == dbus.TypeMethodCall && member == f.dieAt, f.released
	f.mu.Unlock()
	if hang {
		<-released // on the connection's only reader: nothing else is answered either
	}
	if die {
		go f.Die() // it waits for this reader
		<-f.conn.Context().Done()
	}
}

func (f *Fake) outgoing(m *dbus.Message) {
	if to, ok := m.Headers[dbus.FieldDestination].Value().(string); ok && m.Type == dbus.TypeMethodReply {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.met[to] = true
	}
}

func (f *Fake) add(attributes map[string]string, value []byte) dbus.ObjectPath {
	f.next++
	path := dbus.ObjectPath(fmt.Sprintf("/org/freedesktop/secrets/collection/fake/%d", f.next))
	f.items[path] = fakeItem{attributes, value}
	_ = f.conn.Export(fakeItemObject{f, path}, path, "org.freedesktop.Secret.Item")
	_ = f.conn.Export(fakeProperties{f, path}, path, "org.freedesktop.DBus.Properties")
	return path
}

func (f *Fake) search(attributes map[string]string) []dbus.ObjectPath {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := []dbus.ObjectPath{}
	for _, path := range slices.Sorted(maps.Keys(f.items)) {
		fits := true
		for name, value := range attributes {
			fits = fits && f.items[path].attributes[name] == value
		}
		if fits {
			found = append(found, path)
		}
	}
	return found
}

// write runs do at once or returns the prompt that stands before it.
func (f *Fake) write(do func()) dbus.ObjectPath {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mode == Dismiss || f.mode == Hang || f.mode == Babble {
		return fakePrompt
	}
	do()
	return noPrompt
}

type fakeSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

type fakeServiceObject struct{ f *Fake }

func (o fakeServiceObject) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), fakeSession, nil
}

func (o fakeServiceObject) Unlock(paths []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	if o.f.locked {
		return []dbus.ObjectPath{}, fakePrompt, nil
	}
	return paths, noPrompt, nil
}

func (o fakeServiceObject) SearchItems(attributes map[string]string, sender dbus.Sender) (unlocked, locked []dbus.ObjectPath, _ *dbus.Error) {
	o.f.mu.Lock()
	missed := o.f.mode == Miss && !o.f.met[string(sender)]
	o.f.met[string(sender)] = true
	o.f.mu.Unlock()
	if missed {
		return nil, nil, &dbus.ErrMsgUnknownMethod
	}
	found, none := o.f.search(attributes), []dbus.ObjectPath{}
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	if o.f.locked {
		return none, found, nil
	}
	return found, none, nil
}

type fakeCollectionObject struct{ f *Fake }

func (o fakeCollectionObject) SearchItems(attributes map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	return o.f.search(attributes), nil
}

func (o fakeCollectionObject) CreateItem(properties map[string]dbus.Variant, secret fakeSecret, replace bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	old := o.f.search(attributes)
	item := noPrompt
	prompt := o.f.write(func() {
		if o.f.mode == Garble {
			secret.Value = []byte("something else")
		}
		if replace && len(old) > 0 {
			item = old[0]
			o.f.items[item] = fakeItem{attributes, secret.Value}
			return
		}
		item = o.f.add(attributes, secret.Value)
	})
	return item, prompt, nil
}

type fakeItemObject struct {
	f    *Fake
	path dbus.ObjectPath
}

func (o fakeItemObject) GetSecret(session dbus.ObjectPath) (fakeSecret, *dbus.Error) {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	return fakeSecret{session, []byte{}, o.f.items[o.path].value, "text/plain"}, nil
}

// SetSecret has no prompt: what would need one is locked to it.
func (o fakeItemObject) SetSecret(secret fakeSecret) *dbus.Error {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	item, ok := o.f.items[o.path]
	if o.f.mode == Dismiss || o.f.mode == Hang || o.f.mode == Babble || !ok {
		return dbus.NewError("org.freedesktop.Secret.Error.IsLocked", nil)
	}
	if o.f.mode == Garble {
		secret.Value = []byte("something else")
	}
	o.f.items[o.path] = fakeItem{item.attributes, secret.Value}
	return nil
}

func (o fakeItemObject) Delete() (dbus.ObjectPath, *dbus.Error) {
	return o.f.write(func() { delete(o.f.items, o.path) }), nil
}

type fakeSessionObject struct{}

func (fakeSessionObject) Close() *dbus.Error { return nil }

type fakePromptObject struct{ f *Fake }

func (o fakePromptObject) Prompt(string) *dbus.Error {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	o.f.prompting++
	o.f.atOnce = max(o.f.atOnce, o.f.prompting)
	var ended []any
	switch o.f.mode {
	case Hang:
		return nil
	case Dismiss:
		ended = []any{true, dbus.MakeVariant("")}
	case Babble:
		ended = []any{"no", uint32(7)}
	default:
		ended = []any{false, dbus.MakeVariant([]dbus.ObjectPath{fakeDefault})}
	}
	// After the reply, as a person is never faster.
	go func() {
		o.f.mu.Lock()
		o.f.locked = o.f.locked && o.f.mode != Obey
		o.f.prompting--
		o.f.mu.Unlock()
		_ = o.f.conn.Emit(fakePrompt, "org.freedesktop.Secret.Prompt.Completed", ended...)
	}()
	return nil
}

// Dismiss takes a prompt back.
func (o fakePromptObject) Dismiss() *dbus.Error {
	o.f.mu.Lock()
	defer o.f.mu.Unlock()
	o.f.prompting--
	return nil
}

// fakeProperties answers what a reader asks for.
type fakeProperties struct {
	f    *Fake
	path dbus.ObjectPath
}

func (p fakeProperties) Get(_, name string) (dbus.Variant, *dbus.Error) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	switch name {
	case "Collections":
		return dbus.MakeVariant([]dbus.ObjectPath{}), nil
	case "Locked":
		if p.f.mode == Bare {
			return dbus.Variant{}, &dbus.ErrMsgNoObject
		}
		return dbus.MakeVariant(p.f.locked), nil
	case "Attributes":
		return dbus.MakeVariant(p.f.items[p.path].attributes), nil
	case "Modified":
		return dbus.MakeVariant(uint64(p.f.next)), nil
	}
	return dbus.Variant{}, dbus.MakeFailedError(fmt.Errorf("no property %s", name))
}
