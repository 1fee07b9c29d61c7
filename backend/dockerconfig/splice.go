package dockerconfig

import (
	"encoding/json"
	"strings"
)

// set returns the text with host's helper set, in the file's own indentation.
// helper is a JSON text with its quotes.
func (d document) set(host, helper string) []byte {
	switch m := d.entry(host); {
	case m != nil:
		return d.splice(m.value, m.end, helper)
	case d.shape == Regctl:
		return d.setRegctl(host, helper)
	}
	return d.place(host, helper)
}

// place puts a member that is not there yet into credHelpers (hosts).
func (d document) place(host, text string) []byte {
	pair := func(colon string) string { return quote(host) + colon + text }
	switch {
	case blank(d.data):
		// As docker itself would write it; white space that was there stays behind it.
		return append([]byte("{\n\t\""+d.shape.key()+"\": {\n\t\t"+pair(": ")+"\n\t}\n}"), d.data...)
	case len(d.inner.members) > 0:
		return d.appendTo(d.inner, pair(d.colon(d.inner)))
	}

	style := d.style()
	value := "{" + style.deep + pair(style.colon) + style.shallow + "}"
	switch {
	case d.helpers != nil: // null, or without members
		return d.splice(d.helpers.value, d.helpers.end, value)
	case len(d.top.members) == 0:
		value = "{\n\t" + pair(": ") + "\n}"
		value = strings.ReplaceAll(value, "\n", "\n\t")
		return d.splice(d.top.open, d.top.end, "{\n\t"+quote(d.shape.key())+": "+value+"\n}")
	}
	return d.appendTo(d.top, quote(d.shape.key())+style.colon+value)
}

// unset returns the text without host. Where that leaves credHelpers without
// members, it becomes was (see emptyHelpers), so for "" the whole key goes.
func (d document) unset(host, was string) []byte {
	m := d.entry(host)
	switch {
	case m == nil:
		return d.data
	case d.shape == Regctl:
		return d.unsetRegctl(host, was)
	}
	return d.displace(m, was)
}

// displace takes a member out of credHelpers (hosts).
func (d document) displace(m *member, was string) []byte {
	switch {
	case len(d.inner.members) > 1:
		return d.cut(d.inner, m.start)
	case was == "":
		return d.cut(d.top, d.helpers.start)
	}
	return d.splice(d.helpers.value, d.helpers.end, was)
}

// cut removes the member that starts at start with the one comma that is its own.
func (d document) cut(o object, start int) []byte {
	for i, m := range o.members {
		if m.start != start {
			continue
		}
		switch {
		case i > 0:
			return d.splice(o.members[i-1].end, m.end, "")
		case len(o.members) > 1:
			return d.splice(m.start, o.members[1].start, "")
		}
		return d.splice(o.open, o.end, "{}")
	}
	return d.data
}

// appendTo puts a member behind the last one of o, which has at least one,
// with the white space that stands before that one.
func (d document) appendTo(o object, text string) []byte {
	last := o.members[len(o.members)-1]
	space := d.space(o, len(o.members)-1)
	if len(o.members) == 1 && !strings.Contains(space, "\n") {
		space = "" // { "a": 1 } says nothing about what follows a comma …
		if strings.HasSuffix(d.colon(o), " ") {
			space = " " // … but a colon does
		}
	}
	return d.splice(last.end, last.end, ","+space+text)
}

// space is the white space before the key of o's i-th member.
func (d document) space(o object, i int) string {
	at := o.members[i].start
	from := at
	for from > 0 && strings.IndexByte(" \t\r\n", d.data[from-1]) >= 0 {
		from--
	}
	return string(d.data[from:at])
}

func (d document) colon(o object) string {
	if len(o.members) == 0 {
		return ": "
	}
	m := o.members[len(o.members)-1]
	return string(d.data[m.keyEnd:m.value])
}

type style struct{ colon, shallow, deep string }

// style is how an object inside the top one would be laid out in this file.
func (d document) style() style {
	s := style{colon: d.colon(d.top)}
	if len(d.top.members) == 0 {
		return s
	}
	space := d.space(d.top, len(d.top.members)-1)
	if at := strings.LastIndexByte(space, '\n'); at >= 0 {
		line := "\n"
		if at > 0 && space[at-1] == '\r' {
			line = "\r\n"
		}
		indent := space[at+1:]
		s.shallow, s.deep = line+indent, line+indent+indent
	}
	return s
}

func (d document) splice(from, to int, text string) []byte {
	out := make([]byte, 0, len(d.data)+len(text))
	out = append(out, d.data[:from]...)
	out = append(out, text...)
	return append(out, d.data[to:]...)
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string cannot fail
	return string(b)
}
