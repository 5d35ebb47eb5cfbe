// Command logql reads LogQL expressions, one JSON string a line, and says of each whether Loki's own parser takes it.
// It prints one line for each that it refuses (the line's number, a tab, the error) and exits 1 if there was one.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 1<<16), 1<<24)
	refused, number := false, 0
	for lines.Scan() {
		number++
		var expression string
		err := json.Unmarshal(lines.Bytes(), &expression)
		if err == nil {
			_, err = syntax.ParseExpr(expression)
		}
		if err != nil {
			refused = true
			fmt.Printf("%d\t%v\n", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if number == 0 {
		fmt.Fprintln(os.Stderr, "no expression was given")
		os.Exit(2)
	}
	if refused {
		os.Exit(1)
	}
}
