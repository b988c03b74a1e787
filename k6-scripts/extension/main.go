// The k6 of sse-harness: k6 itself, the JavaScript module k6/x/sse and the output sse-record.
package main

import (
	"go.k6.io/k6/cmd"

	_ "sse-harness/extension/module"
	_ "sse-harness/extension/output"
)

func main() {
	cmd.Execute()
}
