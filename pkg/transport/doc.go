// Package transport builds the HTTP client through which the service is
// spoken to: a chain of round trippers for deadlines, TLS, a bound on the
// requests in flight, retries, clock observation and a redacting trace.
//
// It knows nothing of the service's operations, and never holds a secret
// longer than a request lasts. Every error it returns is a *pam.Failure,
// possibly inside the *url.Error that http.Client adds. There is no way to
// switch certificate verification off.
package transport
