package images_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lanyard/backend/internal/images"
)

// grown writes a registry's folder with so many images of one repository, as
// the library lays it out, without as many pushes. Every tenth has no tag.
func grown(b *testing.B, dir string, many int) {
	b.Helper()
	root := filepath.Join(dir, "docker/registry/v2")
	write := func(name, text string) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			b.Fatal(err)
		}
	}
	blob := func(text string) string {
		d := digest([]byte(text))
		write(filepath.Join(root, "blobs/sha256", d[7:9], d[7:], "data"), text)
		return d
	}
	repository := filepath.Join(root, "repositories/ada/app")
	for i := range many {
		config, layer := fmt.Sprintf(`{"os":"linux","architecture":"amd64","i":%d}`, i), fmt.Sprintf("layer %d", i)
		m := map[string]any{"schemaVersion": 2, "mediaType": ociManifest, "config": descriptor{MediaType: ociConfig, Digest: blob(config), Size: int64(len(config))},
			"layers": []descriptor{{MediaType: ociLayer, Digest: blob(layer), Size: int64(len(layer))}}}
		text, err := json.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		d := blob(string(text))
		for _, l := range []string{digest([]byte(config)), digest([]byte(layer))} {
			write(filepath.Join(repository, "_layers/sha256", l[7:], "link"), l)
		}
		write(filepath.Join(repository, "_manifests/revisions/sha256", d[7:], "link"), d)
		if i%10 > 0 {
			write(filepath.Join(repository, "_manifests/tags", fmt.Sprint("v", i), "current/link"), d)
			write(filepath.Join(repository, "_manifests/tags", fmt.Sprint("v", i), "index/sha256", d[7:], "link"), d)
		}
	}
}

// A collection of a repository with many tags takes time by the image, and
// not by the image and the tag.
func BenchmarkCollect(b *testing.B) {
	for _, many := range []int{100, 1000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			dir := b.TempDir()
			grown(b, dir, many)
			for b.Loop() {
				report, err := images.Collect(b.Context(), dir, true, time.Now(), nil)
				if err != nil || report.Blobs != 3*many/10 {
					b.Fatal(report, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(many), "µs/image")
		})
	}
}
