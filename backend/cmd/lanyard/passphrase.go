package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"lanyard/backend/keychain"
)

// readPassphrase asks on the terminal, without echo and twice for a fresh one,
// and reads one line from anything else.
func readPassphrase(ctx context.Context, t terminal, fresh bool) (keychain.Secret, error) {
	in, isFile := t.In.(*os.File)
	if !isFile || !t.person() {
		line, err := bufio.NewReader(t.In).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", fmt.Errorf("%w: no passphrase on standard input (%w)", keychain.ErrDismissed, err)
		}
		return keychain.Secret(line), nil
	}
	question := "Passphrase of Lanyard's encrypted file"
	if fresh {
		question = "A passphrase for Lanyard's encrypted file (12 characters or more)"
	}
	first, err := readHidden(ctx, t, in, question)
	if err != nil || !fresh || first == "" {
		return first, err
	}
	second, err := readHidden(ctx, t, in, "Once more")
	if err == nil && first != second {
		err = errors.New("the two are not the same; nothing was changed")
	}
	return first, err
}

// readHidden reads a line without echo, and gives the echo back if the person
// interrupts.
func readHidden(ctx context.Context, t terminal, in *os.File, question string) (keychain.Secret, error) {
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	t.interrupt()
	fmt.Fprint(t.Err, question+": ")
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(int(in.Fd()))
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		fmt.Fprintln(t.Err)
		return keychain.Secret(r.text), r.err
	case <-ctx.Done(): // the read stays behind; the program ends
		_ = term.Restore(int(in.Fd()), before)
		fmt.Fprintln(t.Err)
		return "", ctx.Err()
	}
}
