package selftest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// part is something a registry keeps by its digest.
type part struct {
	kind   string // media type
	text   []byte
	digest string
}

func partOf(kind string, text []byte) part {
	sum := sha256.Sum256(text)
	return part{kind: kind, text: text, digest: "sha256:" + hex.EncodeToString(sum[:])}
}

// image is the smallest that every registry takes.
type image struct{ config, layer, manifest part }

const manifestKind = "application/vnd.oci.image.manifest.v1+json"

// build makes an image that was never there before, so that nothing is found
// to be pushed already.
func build(tag string) image {
	filling := make([]byte, 512)
	_, _ = rand.Read(filling) // it never fails
	layer := partOf("application/vnd.oci.image.layer.v1.tar", archive("lanyard-self-test", []byte(hex.EncodeToString(filling)[:512])))
	config := partOf("application/vnd.oci.image.config.v1+json", mustJSON(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config":  map[string]any{"Labels": map[string]string{"org.opencontainers.image.title": "Lanyard's self-test " + tag}},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{layer.digest}},
		"history": []any{map[string]string{"created_by": "Lanyard"}},
	}))
	named := func(p part) map[string]any {
		return map[string]any{"mediaType": p.kind, "digest": p.digest, "size": len(p.text)}
	}
	manifest := partOf(manifestKind, mustJSON(map[string]any{
		"schemaVersion": 2, "mediaType": manifestKind, "config": named(config), "layers": []any{named(layer)},
	}))
	return image{config, layer, manifest}
}

// archive is a tar of one small file (POSIX ustar), which is two blocks and the
// two of zeros that end it.
func archive(name string, text []byte) []byte {
	const block = 512
	header := make([]byte, block)
	copy(header, name)
	copy(header[100:], "0000644\x000000000\x000000000\x00")
	copy(header[124:], fmt.Sprintf("%011o\x00%011o\x00", len(text), 0))
	copy(header[148:], "        ") // as the sum is made over blanks
	header[156] = '0'
	copy(header[257:], "ustar\x0000")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	all := append([]byte(nil), header...)
	all = append(all, text...)
	for len(all)%block != 0 {
		all = append(all, 0)
	}
	return append(all, make([]byte, 2*block)...)
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of strings and numbers: cannot be
	}
	return text
}
