package helper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/docker/docker-credential-helpers/credentials"
)

const maxInput = 64 << 10 // bytes

// errInput: the tool sent something that is no request.
var errInput = errors.New("the request was refused")

// readLine is the first line of the input. The protocol's own reader joins
// lines, so that good.io\n.evil became good.io.evil: here a second line is
// refused, and everything is read before any of it is used. It does not wait
// for the end of the input once a line is there.
func readLine(in io.Reader) ([]byte, error) {
	buf := make([]byte, 0, 512)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if len(buf) > maxInput {
			return nil, fmt.Errorf("%w: it is longer than %d bytes", errInput, maxInput)
		}
		if line, rest, ok := bytes.Cut(buf, []byte{'\n'}); ok {
			if len(rest) > 0 {
				return nil, fmt.Errorf("%w: it has more than one line", errInput)
			}
			return line, nil
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errInput, err)
		}
	}
}

// readKey is the line of get and erase: printable ASCII.
func readKey(in io.Reader) ([]byte, error) {
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	if err := checkKey(string(line)); err != nil {
		return nil, err
	}
	return line, nil
}

func checkKey(key string) error {
	for i := range len(key) {
		if c := key[i]; c < ' ' || c >= 0x7f {
			return fmt.Errorf("%w: byte %#02x in the server's name", errInput, c)
		}
	}
	return nil
}

// readCredentials is the JSON of store, written anew: what the protocol's
// reader then sees is what was checked here, each name once.
func readCredentials(in io.Reader) ([]byte, error) {
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	bad := fmt.Errorf("%w: it is no JSON object with ServerURL, Username and Secret", errInput)
	if !utf8.Valid(line) {
		return nil, bad
	}
	var c credentials.Credentials
	fields := map[string]*string{"serverurl": &c.ServerURL, "username": &c.Username, "secret": &c.Secret}
	d := json.NewDecoder(bytes.NewReader(line))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, bad
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, bad
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, bad
		}
		// Case does not count, as it does not for encoding/json.
		text, _ := name.(string)
		key := strings.ToLower(text)
		into, known := fields[key]
		if !known {
			continue
		}
		if into == nil {
			return nil, fmt.Errorf("%w: %s stands there twice", errInput, key)
		}
		if raw[0] != '"' || json.Unmarshal(raw, into) != nil {
			return nil, bad
		}
		fields[key] = nil
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	if err := checkKey(c.ServerURL); err != nil {
		return nil, err
	}
	if strings.ContainsFunc(c.Username, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("%w: a control character in the user name", errInput)
	}
	return json.Marshal(c)
}
