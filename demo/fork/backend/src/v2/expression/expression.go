package expression

// Use is what the importing package calls.
func Use() {
}
