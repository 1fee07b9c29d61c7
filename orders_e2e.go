//go:build e2e

package main

const takesOrders = true
