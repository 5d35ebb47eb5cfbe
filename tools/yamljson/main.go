// Command yamljson reads a YAML document with the reader of Prometheus, Alertmanager and Loki, and prints it as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v2"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	var document interface{}
	if err == nil {
		err = yaml.Unmarshal(input, &document)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(plain(document))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// plain gives mappings the string keys that JSON wants; another key is printed as Go prints it, so a test sees it.
func plain(value interface{}) interface{} {
	switch value := value.(type) {
	case map[interface{}]interface{}:
		object := make(map[string]interface{}, len(value))
		for key, item := range value {
			object[fmt.Sprint(key)] = plain(item)
		}
		return object
	case []interface{}:
		for index, item := range value {
			value[index] = plain(item)
		}
	}
	return value
}
