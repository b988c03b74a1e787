// A k6 with our module and without our output, for a test alone: what a k6 made elsewhere, such as one of
// `xk6 build --with github.com/phymbert/xk6-sse`, tells sse-harness comes through k6's own JSON output, and building that
// one would need the network.
package main

import (
	"go.k6.io/k6/cmd"

	_ "sse-harness/extension/module"
)

func main() {
	cmd.Execute()
}
