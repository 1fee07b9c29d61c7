package keychain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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

// pinAddress tells go-keyring, here or in a child, which bus we mean.
func pinAddress() error {
	address, err := busAddress()
	if err != nil {
		return err
	}
	return os.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
}

// connect is a connection to the session bus that ends with ctx. Hello is
// sent but not waited for: the bus takes messages in order, so calls may
// follow at once.
func connect(ctx context.Context) (*dbus.Conn, error) {
	address, err := busAddress()
	if err != nil {
		return nil, err
	}
	socket, err := dialBus(ctx, address)
	if err != nil {
		return nil, inTime(ctx, fmt.Errorf("%w: %w", ErrNoService, err))
	}
	context.AfterFunc(ctx, func() { _ = socket.Close() })
	conn, err := dbus.NewConn(buffered{bufio.NewReader(socket), socket})
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	if err := conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))}); err != nil {
		_ = conn.Close()
		return nil, inTime(ctx, fmt.Errorf("%w: %w", ErrNoService, err))
	}
	conn.BusObject().Go("org.freedesktop.DBus.Hello", 0, nil)
	return conn, nil
}

// buffered spares a system call for each field of a message that is read.
type buffered struct {
	io.Reader
	net.Conn
}

func (b buffered) Read(p []byte) (int, error) { return b.Reader.Read(p) }

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
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, dbus.ErrClosed) {
			return fmt.Errorf("%w: the bus hung up", ErrNoService)
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
