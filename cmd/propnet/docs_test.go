package main

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/propnet/propnet/client"
	"github.com/propnet/propnet/client/api"
)

// TestProtocolExample: the receipt in docs/protocol.md verifies as the document says.
func TestProtocolExample(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	fence := regexp.MustCompile("(?s)```json\n(\\{\n  \"network\".*?)```").FindSubmatch(doc)
	if fence == nil {
		t.Fatal("the document has no receipt")
	}
	var r api.Receipt
	if err := json.Unmarshal(fence[1], &r); err != nil {
		t.Fatal(err)
	}
	if record, err := client.VerifyReceipt(r, "example-1", r.Origin); err != nil || record.Seq != 10 {
		t.Errorf("record %d: %v", record.Seq, err)
	}
}
