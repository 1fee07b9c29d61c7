package helper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
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

// readKey is the line of get and erase: the key, exactly.
func readKey(in io.Reader) (string, error) {
	line, err := readLine(in)
	if err != nil {
		return "", err
	}
	key := string(line)
	if strings.TrimSpace(key) == "" {
		return "", credentials.NewErrCredentialsMissingServerURL()
	}
	return key, checkKey(key)
}

// checkKey lets any printable text be a key: of spaces the common one, and
// nothing that cannot be seen or that changes how the rest is shown.
func checkKey(key string) error {
	if !utf8.ValidString(key) {
		return fmt.Errorf("%w: the server's name is no UTF-8", errInput)
	}
	for _, r := range key {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: character %U in the server's name", errInput, r)
		}
	}
	return nil
}

// readCredentials is the JSON of store. All three names must be there, each
// once: a user may be empty, but is not forgotten.
func readCredentials(in io.Reader) (c credentials.Credentials, err error) {
	line, err := readLine(in)
	if err != nil {
		return c, err
	}
	none := credentials.Credentials{}
	bad := fmt.Errorf("%w: it is no JSON object with ServerURL, Username and Secret", errInput)
	if !utf8.Valid(line) {
		return none, bad
	}
	fields := map[string]*string{"serverurl": &c.ServerURL, "username": &c.Username, "secret": &c.Secret}
	d := json.NewDecoder(bytes.NewReader(line))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return none, bad
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return none, bad
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return none, bad
		}
		// Case does not count, as it does not for encoding/json.
		text, _ := name.(string)
		key := strings.ToLower(text)
		into, known := fields[key]
		if !known {
			continue
		}
		if into == nil {
			return none, fmt.Errorf("%w: %s stands there twice", errInput, key)
		}
		if raw[0] != '"' || json.Unmarshal(raw, into) != nil {
			return none, bad
		}
		fields[key] = nil
	}
	if _, err := d.Token(); err != nil {
		return none, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return none, bad
	}
	switch {
	case strings.TrimSpace(c.ServerURL) == "":
		return none, credentials.NewErrCredentialsMissingServerURL()
	case fields["username"] != nil:
		return none, credentials.NewErrCredentialsMissingUsername()
	case fields["secret"] != nil:
		return none, bad
	}
	if err := checkKey(c.ServerURL); err != nil {
		return none, err
	}
	if strings.ContainsFunc(c.Username, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return none, fmt.Errorf("%w: a control character in the user name", errInput)
	}
	return c, nil
}
