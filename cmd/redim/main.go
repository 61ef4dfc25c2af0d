// Command redim works with RED IM: settings and their test, the look-up of
// credentials, the token cache, check-out and check-in.
package main

import (
	"os"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cmd/redim"
)

func main() { os.Exit(app.Main("redim", redim.New, redim.Arguments(os.Args[0], os.Args[1:]))) }
