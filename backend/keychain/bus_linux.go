package keychain

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
)

// busAddress is the session bus that is there. Nothing is started to have one:
// godbus would run dbus-launch, which leaves daemons behind.
func busAddress() (string, error) {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return address, nil
	}
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	if runtime == "" {
		runtime = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	socket := filepath.Join(runtime, "bus")
	if info, err := os.Stat(socket); err != nil || info.Mode()&os.ModeSocket == 0 {
		return "", fmt.Errorf("%w: this session has no D-Bus", ErrNoService)
	}
	return "unix:path=" + dbus.EscapeBusAddressValue(socket), nil
}

// prepare tells go-keyring, in this process, which bus we mean, and makes the
// service's acquaintance on the connection that go-keyring is going to use:
// its own first call would be one that may not be, see reader.
func prepare() error {
	address, err := busAddress()
	if err != nil {
		return err
	}
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", address); err != nil {
		return err
	}
	conn, err := dbus.SessionBus()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoService, err)
	}
	return classify(conn.Object(ssName, ssPath).Call(peerPing, 0).Err)
}

// connect is a connection to the session bus that ends with ctx. What is
// written to it waits in link until flush.
func connect(ctx context.Context) (*dbus.Conn, *link, error) {
	address, err := busAddress()
	if err != nil {
		return nil, nil, err
	}
	socket, err := dialBus(ctx, address)
	if err != nil {
		return nil, nil, inTime(ctx, fmt.Errorf("%w: %w", ErrNoService, err))
	}
	context.AfterFunc(ctx, func() { _ = socket.Close() })
	l := newLink(socket)
	conn, err := dbus.NewConn(l)
	if err == nil {
		err = conn.Auth([]dbus.Auth{external{}})
	}
	if err != nil {
		_ = socket.Close()
		return nil, nil, inTime(ctx, fmt.Errorf("%w: %w", ErrNoService, err))
	}
	conn.BusObject().Go("org.freedesktop.DBus.Hello", 0, nil)
	return conn, l, nil
}

// link carries one connection with as few round trips as the protocol allows:
// who we are, BEGIN, Hello and the first calls leave in one write, as sd-bus
// does it, where godbus would wait for three answers before it says Hello. For
// that, godbus is given the handshake's usual answers (D-Bus specification,
// "Authentication Protocol"), and the bus' own is checked when it arrives.
type link struct {
	net.Conn
	in      *bufio.Reader
	script  *strings.Reader // what godbus is told until it says BEGIN
	greeted bool            // the bus has said OK
	mu      sync.Mutex
	begun   bool // godbus has said BEGIN
	out     bytes.Buffer
}

func newLink(socket net.Conn) *link {
	return &link{
		Conn:   socket,
		in:     bufio.NewReader(socket),
		script: strings.NewReader("REJECTED EXTERNAL\r\nOK 0\r\n"),
	}
}

func (l *link) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun {
		return l.out.Write(p)
	}
	if string(p) == "BEGIN\r\n" {
		l.begun = true
		uid := hex.EncodeToString([]byte(strconv.Itoa(os.Geteuid())))
		l.out.WriteString("\x00AUTH EXTERNAL " + uid + "\r\nBEGIN\r\n")
	}
	return len(p), nil
}

// flush sends what was written.
func (l *link) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.out.WriteTo(l.Conn)
	return err
}

func (l *link) Read(p []byte) (int, error) {
	if l.script.Len() > 0 {
		return l.script.Read(p)
	}
	if !l.greeted {
		line, err := l.in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if !strings.HasPrefix(line, "OK ") {
			return 0, io.EOF // the bus does not want us
		}
		l.greeted = true
	}
	return l.in.Read(p)
}

// external is the mechanism EXTERNAL as far as godbus takes part in it.
type external struct{}

func (external) FirstData() (name, resp []byte, status dbus.AuthStatus) {
	return []byte("EXTERNAL"), nil, dbus.AuthOk
}

func (external) HandleData([]byte) ([]byte, dbus.AuthStatus) { return nil, dbus.AuthError }

// dialBus tries the addresses of a list in turn (D-Bus specification, "Server
// Addresses"). Only Unix sockets count: every other transport either starts
// programs or crosses a network.
func dialBus(ctx context.Context, list string) (net.Conn, error) {
	err := errors.New("no Unix socket in the bus address")
	for address := range strings.SplitSeq(list, ";") {
		rest, ok := strings.CutPrefix(address, "unix:")
		if !ok {
			continue
		}
		for pair := range strings.SplitSeq(rest, ",") {
			key, value, _ := strings.Cut(pair, "=")
			path, bad := dbus.UnescapeBusAddressValue(value)
			if bad != nil {
				continue
			}
			switch key {
			case "path":
			case "abstract":
				path = "@" + path
			case "runtime":
				path = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
			default:
				continue
			}
			var conn net.Conn
			if conn, err = (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
				return conn, nil
			}
		}
	}
	return nil, err
}

// classify gives a D-Bus error one of our names, or leaves it.
func classify(err error) error {
	var e dbus.Error
	if !errors.As(err, &e) {
		var broken *net.OpError
		if errors.Is(err, io.EOF) || errors.Is(err, dbus.ErrClosed) || errors.As(err, &broken) {
			return fmt.Errorf("%w: the bus hung up: %w", ErrNoService, err)
		}
		return err
	}
	switch {
	case e.Name == "org.freedesktop.Secret.Error.IsLocked":
		return ErrLocked
	case e.Name == "org.freedesktop.Secret.Error.NoSuchObject":
		return ErrNotFound
	case e.Name == "org.freedesktop.DBus.Error.ServiceUnknown",
		e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner",
		e.Name == "org.freedesktop.DBus.Error.NoReply", // it died over the call
		e.Name == "org.freedesktop.DBus.Error.Disconnected",
		e.Name == "org.freedesktop.DBus.Error.TimedOut",
		strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Spawn."):
		return fmt.Errorf("%w: %w", ErrNoService, e)
	}
	return err
}
