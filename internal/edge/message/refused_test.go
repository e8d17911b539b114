package message

import (
	"slices"
	"strings"
)

// refused holds messages with one thing wrong in each.
var refused = []struct {
	name, raw  string
	status     int
	reason     string
	answerable bool
}{
	{"nothing", "", 400, "Bad Request-Line", false},
	{"only line ends", "\r\n\r\n", 400, "Bad Request-Line", false},
	{"no empty line", strings.TrimSuffix(request(), "\r\n"), 400, "Missing Empty Line", true},
	{"cut in a line", strings.TrimSuffix(request("X: y"), "\r\n\r\n"), 400, "Bare CR or LF in Header", true},
	{"bare LF", request("X: a\nY: b"), 400, "Bare CR or LF in Header", true},
	{"bare CR", request("X: a\rY: b"), 400, "Bare CR or LF in Header", true},
	{"CR before CRLF", request("X: a\r"), 400, "Bare CR or LF in Header", true},
	{"all bare LF", strings.ReplaceAll(request(), "\r\n", "\n"), 400, "Bare CR or LF in Header", true},
	{"NUL", request("X: a\x00"), 400, "NUL in Header", true},
	{"NUL quoted outside quotes", request("X: \\\x00"), 400, "NUL in Header", true},
	{"NUL in quotes", request("X: \"\x00\""), 400, "NUL in Header", true},
	{"NUL after a quoted backslash", request("X: \"\\\\\x00\""), 400, "NUL in Header", true},
	{"NUL after quotes that the line end closed", request("X: \"", "Y: \\\x00"), 400, "NUL in Header", true},
	{"NUL in the start line", strings.Replace(redirect, "Moved", "\"\\\x00\"", 1), 400, "NUL in Header", false},
	{"no colon", request("X"), 400, "Bad Header Field", true},
	{"no name", request(": x"), 400, "Bad Header Field", true},
	{"name with a space", request("X Y: z"), 400, "Bad Header Field", true},
	{"folded start line", strings.Replace(request(), "Via", " Via", 1), 400, "Bad Header Field", false},
	{"257 fields", request(slices.Repeat([]string{"X: y"}, MaxFields-4)...), 400, "Too Many Header Fields", true},
	{"too large", request("X: " + strings.Repeat("x", MaxSize)), 513, "Message Too Large", true},

	{"no Via", strings.Replace(request(), "Via", "Xia", 1), 400, "Missing Via", false},
	{"no From", strings.Replace(request(), "From", "Xrom", 1), 400, "Missing From", false},
	{"no To", strings.Replace(request(), "To:", "Xo:", 1), 400, "Missing To", false},
	{"no Call-ID", strings.Replace(request(), "Call-ID", "Xall-ID", 1), 400, "Missing Call-ID", false},
	{"no CSeq", strings.Replace(request(), "CSeq", "XSeq", 1), 400, "Missing CSeq", false},

	{"two From", request("f: <sip:c@h>"), 400, "Repeated From", true},
	{"two To", request("t: <sip:c@h>"), 400, "Repeated To", true},
	{"two Call-ID", request("i: x"), 400, "Repeated Call-ID", true},
	{"two CSeq", request("CSeq: 1 OPTIONS"), 400, "Repeated CSeq", true},
	{"two Max-Forwards", request("Max-Forwards: 70", "max-forwards: 70"), 400, "Repeated Max-Forwards", true},
	{"two Content-Length", request("Content-Length: 0", "l: 0"), 400, "Repeated Content-Length", true},

	{"other version", strings.Replace(request(), "SIP/2.0\r", "SIP/3.0\r", 1), 505, "Version Not Supported", true},
	{"no version", strings.Replace(request(), " SIP/2.0\r", "\r", 1), 400, "Bad Request-Line", true},
	{"HTTP", strings.Replace(request(), "SIP/2.0\r", "HTTP/1.1\r", 1), 400, "Bad Request-Line", true},
	{"space after the version", strings.Replace(request(), "SIP/2.0\r", "SIP/2.0 \r", 1), 400, "Bad Request-Line", true},
	{"two spaces", strings.Replace(request(), "OPTIONS ", "OPTIONS  ", 1), 400, "Bad Request-URI", true},
	{"space in the URI", strings.Replace(request(), ".com SIP", ".com; lr SIP", 1), 400, "Bad Request-URI", true},
	{"tab in the URI", strings.Replace(request(), ".com SIP", ".com;\tlr SIP", 1), 400, "Bad Request-URI", true},
	{"brackets", strings.Replace(request(), "sip:bob@example.com ", "<sip:bob@example.com> ", 1), 400, "Bad Request-URI", true},
	{"no URI", strings.Replace(request(), "sip:bob@example.com ", " ", 1), 400, "Bad Request-URI", true},
	{"method no token", strings.ReplaceAll(request(), "OPTIONS", "OPT@ONS"), 400, "Bad Method", false},

	{"CSeq of another method", strings.Replace(request(), "1 OPTIONS", "1 options", 1), 400, "Bad CSeq", true},
	{"CSeq without method", strings.Replace(request(), "1 OPTIONS", "1", 1), 400, "Bad CSeq", false},
	{"CSeq without number", strings.Replace(request(), "1 OPTIONS", "OPTIONS", 1), 400, "Bad CSeq", false},
	{"CSeq negative", strings.Replace(request(), "1 OPTIONS", "-1 OPTIONS", 1), 400, "Bad CSeq", false},
	{"CSeq 2^31", strings.Replace(request(), "1 OPTIONS", "2147483648 OPTIONS", 1), 400, "Bad CSeq", true},
	{"CSeq beyond 64 bits", strings.Replace(request(), "1 OPTIONS", strings.Repeat("9", 99)+" OPTIONS", 1), 400, "Bad CSeq", true},

	{"Max-Forwards 256", request("Max-Forwards: 256"), 400, "Bad Max-Forwards", true},
	{"Max-Forwards -1", request("Max-Forwards: -1"), 400, "Bad Max-Forwards", true},
	{"Max-Forwards empty", request("Max-Forwards:"), 400, "Bad Max-Forwards", true},
	{"Max-Forwards twice in one", request("Max-Forwards: 70, 70"), 400, "Bad Max-Forwards", true},
	{"Content-Length negative", request("Content-Length: -1"), 400, "Bad Content-Length", true},
	{"Content-Length garbage", request("Content-Length: x"), 400, "Bad Content-Length", true},
	{"Content-Length empty", request("Content-Length: "), 400, "Bad Content-Length", true},
	{"Content-Length too much", request("Content-Length: 5") + "1234", 400, "Bad Content-Length", true},
	{"Content-Length beyond 64 bits", request("Content-Length: 99999999999999999999999"), 400, "Bad Content-Length", true},

	{"Call-ID empty", strings.Replace(request(), "ID: x", "ID: ", 1), 400, "Bad Call-ID", false},
	{"From empty", strings.Replace(request(), "From: <sip:a@example.com>;tag=1", "From:", 1), 400, "Bad From", false},
	{"From with an open quote", strings.Replace(request(), "From: <", `From: "A <`, 1), 400, "Bad From", true},
	{"From with an open value", strings.Replace(request(), ";tag=1", `;x="1;tag=1`, 1), 400, "Bad From", true},
	{"To with an open bracket", strings.Replace(request(), "b@example.com>", "b@example.com", 1), 400, "Bad To", true},

	{"response, status 99", strings.Replace(redirect, "302", "99", 1), 400, "Bad Status-Line", false},
	{"response, status 700", strings.Replace(redirect, "302", "700", 1), 400, "Bad Status-Line", false},
	{"response, status of four digits", strings.Replace(redirect, "302", "0302", 1), 400, "Bad Status-Line", false},
	{"response, other version", strings.Replace(redirect, "SIP/2.0", "SIP/2.1", 1), 505, "Version Not Supported", false},
	{"response, two CSeq", strings.Replace(redirect, "\r\n\r\n", "\r\nCSeq: 17 INVITE\r\n\r\n", 1), 400, "Repeated CSeq", false},
	{"ACK", strings.ReplaceAll(request("Max-Forwards: x"), "OPTIONS", "ACK"), 400, "Bad Max-Forwards", false},
}
