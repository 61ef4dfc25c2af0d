package handover

// Help is what the help of both commands says of how the program is run.
const Help = `What the program writes is masked: wherever the password is in it, as it is or as
URLs, JSON, XML, C and shells would write it, in base64, hexadecimal or UTF-16, stands
[redacted]. --no-mask leaves it alone. Masks are a net below accidents: a program that
means to tell the password can. A password of less than 4 bytes is not masked but
refused.

Signals are passed on; the credential is checked in when the program has ended. When
standard input is a terminal, the program gets one of its own. When it can't be
checked in, it stays listed by "checkouts".`
