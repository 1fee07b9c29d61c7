package main

// noCore: there are no core files.
func noCore() {}
