package tool

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// never are the addresses that oras sends no secret to: loopback, link-local,
// unspecified, and where clouds keep what a machine may know of itself.
var never = func() (all []netip.Prefix) {
	for _, text := range strings.Fields("127.0.0.0/8 ::1/128 169.254.0.0/16 fe80::/10 224.0.0.0/24 ff02::/16 0.0.0.0/8 ::/128 " +
		"100.100.100.200/32 fd00:ec2::254/128 fd00:ec2::23/128 fd20:ce::254/128 168.63.129.16/32") {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}()

// Refuses says why a tool would not ask the realm of a registry for a token,
// as a guard against being sent to someone's inner network; "": it would.
// registry is the address it is reached at, addresses are what the realm's
// host resolves to (none: that is not known).
func (n Name) Refuses(registry, realm string, addresses []netip.Addr) string {
	r, err := url.Parse(realm)
	own, errOwn := url.Parse(registry)
	if err != nil || errOwn != nil || realm == "" {
		return ""
	}
	if n != Crane && n != Oras && n != Helm {
		return "" // no guard
	}
	if r.Scheme == "http" && own.Scheme == "https" {
		return "it is http, and the registry is https"
	}
	literal, err := netip.ParseAddr(r.Hostname())
	isLiteral := err == nil
	literal = literal.Unmap().WithZone("")
	switch {
	case n == Crane && r.Host == own.Host:
		return ""
	case n != Crane && strings.EqualFold(r.Hostname(), own.Hostname()):
		return ""
	case isLiteral && n != Oras && inner(literal):
		return fmt.Sprintf("%s is an address of an inner network, and not the registry's own", literal)
	case n == Oras && isLiteral && blocked(literal):
		return fmt.Sprintf("%s is an address of this computer or of its own network link, and not the registry's", literal)
	case n == Oras && !isLiteral:
		if i := slices.IndexFunc(addresses, blocked); i >= 0 {
			return fmt.Sprintf("%s is %s, an address of this computer or of its own network link, and another name than the registry's", r.Hostname(), addresses[i])
		}
	}
	return ""
}

func inner(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsUnspecified()
}

func blocked(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(never, func(p netip.Prefix) bool { return p.Contains(a) })
}
