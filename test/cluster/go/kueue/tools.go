//go:build tools

// Package tools names the commands that test/cluster/go-build.ts builds, so that go.mod and go.sum pin all they need.
package tools

import (
	_ "sigs.k8s.io/kueue/cmd/kueue"
)
