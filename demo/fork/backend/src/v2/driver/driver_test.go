package driver

import "testing"

func TestUse(t *testing.T) { Use() }
