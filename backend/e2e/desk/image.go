//go:build linux

package desk

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// WriteImage writes a tiny image as an OCI layout into dir, tagged tag. Its
// one file holds text, so that each image has a digest of its own. The digest
// of its manifest is returned.
func WriteImage(dir, tag, text string) (string, error) {
	layer, plain, err := layer(text)
	if err != nil {
		return "", err
	}
	l := layout{dir: dir}
	layerBlob := l.blob("application/vnd.oci.image.layer.v1.tar+gzip", layer)
	config := l.json("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{plain}},
	})
	manifest := l.json("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []any{layerBlob},
	})
	digest, _ := manifest["digest"].(string)
	manifest["annotations"] = map[string]string{"org.opencontainers.image.ref.name": tag}
	l.file("index.json", map[string]any{"schemaVersion": 2, "manifests": []any{manifest}})
	l.file("oci-layout", map[string]string{"imageLayoutVersion": "1.0.0"})
	return digest, l.err
}

func layer(text string) (zipped []byte, plainDigest string, err error) {
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	if err := w.WriteHeader(&tar.Header{Name: "hello.txt", Mode: 0o644, Size: int64(len(text))}); err != nil {
		return nil, "", err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain.Bytes()); err != nil {
		return nil, "", err
	}
	if err := z.Close(); err != nil {
		return nil, "", err
	}
	return packed.Bytes(), digestOf(plain.Bytes()), nil
}

// layout writes files until one fails.
type layout struct {
	dir string
	err error
}

func (l *layout) blob(kind string, data []byte) map[string]any {
	digest := digestOf(data)
	l.write(filepath.Join("blobs", "sha256", digest[len("sha256:"):]), data)
	return map[string]any{"mediaType": kind, "digest": digest, "size": len(data)}
}

func (l *layout) json(kind string, v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		l.err = err
	}
	return l.blob(kind, text)
}

func (l *layout) file(name string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		l.err = err
	}
	l.write(name, text)
}

func (l *layout) write(name string, data []byte) {
	if l.err != nil {
		return
	}
	path := filepath.Join(l.dir, name)
	if l.err = os.MkdirAll(filepath.Dir(path), 0o700); l.err == nil {
		l.err = os.WriteFile(path, data, 0o600)
	}
	if l.err != nil {
		l.err = fmt.Errorf("write an image: %w", l.err)
	}
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
