package autostart

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A seal is the first line of a file we wrote: it holds the hash of all that
// follows, so that a file a person edited is known without notes kept
// elsewhere.
const sealed = "# Written by lanyard service install; if you change this file, Lanyard leaves it alone. sha256 "

func seal(name, text string) File {
	return File{Name: name, Text: sealed + hash(text) + "\n" + text}
}

// unedited says whether text is as we once wrote it.
func unedited(text string) bool {
	first, rest, _ := strings.Cut(text, "\n")
	was, ours := strings.CutPrefix(first, sealed)
	return ours && was == hash(rest)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
