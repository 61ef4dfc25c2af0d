// The bare limit of a command's start.
package main

import "fmt"

func main() { fmt.Println("hello") }
