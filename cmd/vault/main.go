// Command vault keeps integration records and the credentials they check out.
package main

import (
	"os"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cmd/vault"
)

func main() { os.Exit(app.Main("vault", vault.New, os.Args[1:])) }
