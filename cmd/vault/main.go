// Command vault keeps integration records and the credentials they check out.
package main

import (
	"os"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

func main() { os.Exit(app.Main("vault", vaultapp.Root, os.Args[1:])) }
