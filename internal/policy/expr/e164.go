package expr

// E164 returns the number of a text in E.164 form, such as "+15550100", as the
// function e164 of expressions does; empty if it is none.
func E164(text string) string { return internationalNumber(text) }
