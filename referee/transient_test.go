package referee

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestIsTransient(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{syscall.ECONNREFUSED, true},
		{syscall.ECONNRESET, true},
		{syscall.EPIPE, true},
		{io.EOF, true},
		{io.ErrUnexpectedEOF, true},
		{errTryTimeout, true},
		{os.ErrDeadlineExceeded, true},
		{&net.DNSError{IsTimeout: true}, true},
		{&net.DNSError{IsTemporary: true}, true},
		{&net.DNSError{IsNotFound: true}, false},
		{syscall.ENETUNREACH, false},
		{x509.UnknownAuthorityError{}, false},
		{context.Canceled, false},
		{errors.New("malformed HTTP response"), false},
	} {
		if got := isTransient(fmt.Errorf("dial: %w", tt.err)); got != tt.want {
			t.Errorf("isTransient(%T %v) = %t, want %t", tt.err, tt.err, got, tt.want)
		}
	}
}
