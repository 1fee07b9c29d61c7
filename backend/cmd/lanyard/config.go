package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// configure fills flags that were not given from LANYARD_ variables, and those
// from the configuration file. So a setting has one name, one form and one
// check, however it is given. An unknown key is an error: a typing mistake in
// a file would otherwise go unnoticed.
func configure(flags *pflag.FlagSet, path string, getenv func(string) string) error {
	if path == "" {
		path = getenv("LANYARD_CONFIG")
	}
	settings := koanf.New("\x00") // keys are flat
	if path != "" {
		if err := settings.Load(file.Provider(path), yaml.Parser()); err != nil {
			return usagef("read --config: %w", err)
		}
	}
	keys := settings.Keys()
	sort.Strings(keys)
	for _, key := range keys {
		if flag := flags.Lookup(key); flag == nil || flag.Hidden || key == "config" || key == "help" {
			return usagef("%s: unknown setting %q", path, key)
		}
	}
	var failed error
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed || flag.Hidden || flag.Name == "config" || flag.Name == "help" || failed != nil {
			return
		}
		variable := "LANYARD_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value, from := getenv(variable), variable
		if value == "" && settings.Exists(flag.Name) {
			value, from = text(settings, flag.Name), path+": "+flag.Name
		}
		if value == "" {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failed = usagef("%s: %w", from, err)
		}
	})
	return failed
}

// text is a setting as it would stand on the command line.
func text(settings *koanf.Koanf, key string) string {
	if list := settings.Strings(key); len(list) > 0 {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(settings.Get(key))
}
