package autostart

import (
	"encoding/xml"
	"fmt"
	"path"
	"strings"
)

// Plist is the LaunchAgent of a job, for ~/Library/LaunchAgents. launchd reads
// its words as they are: no shell, no variables.
func Plist(j Job) (File, error) {
	if err := j.check(); err != nil {
		return File{}, err
	}
	if !path.IsAbs(j.Program) {
		return File{}, fmt.Errorf("%w: %q is not an absolute path", ErrJob, j.Program)
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
`)
	fmt.Fprintf(&b, "\t<key>Label</key>\n\t<string>%s</string>\n", escape(j.Name))
	b.WriteString("\t<key>ProgramArguments</key>\n\t<array>\n")
	for _, word := range append([]string{j.Program}, j.Args...) {
		fmt.Fprintf(&b, "\t\t<string>%s</string>\n", escape(word))
	}
	b.WriteString("\t</array>\n")
	if len(j.Env) > 0 {
		b.WriteString("\t<key>EnvironmentVariables</key>\n\t<dict>\n")
		for _, v := range j.Env {
			name, value, _ := strings.Cut(v, "=")
			fmt.Fprintf(&b, "\t\t<key>%s</key>\n\t\t<string>%s</string>\n", escape(name), escape(value))
		}
		b.WriteString("\t</dict>\n")
	}
	if j.Every == 0 {
		// An end that failed is followed by another start, one on request is not.
		b.WriteString("\t<key>KeepAlive</key>\n\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>\n")
	} else {
		fmt.Fprintf(&b, "\t<key>StartInterval</key>\n\t<integer>%d</integer>\n", int(j.Every.Seconds()))
	}
	b.WriteString(`	<key>RunAtLoad</key>
	<true/>
	<key>ProcessType</key>
	<string>Background</string>
	<key>Umask</key>
	<integer>63</integer>
</dict>
</plist>
`)
	return File{Name: j.Name + ".plist", Text: b.String()}, nil
}

// escape makes text fit to stand between tags. What XML cannot hold at all was
// refused before.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
