package util

// Use is what the importing package calls.
func Use() {
}
