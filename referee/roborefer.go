package referee

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrUnreachable is in the chain of errors that say that a model's server could not be reached, refused the query or kept hanging up:
// asking again later may help.
var ErrUnreachable = errors.New("server unreachable")

// RoboReferSuffix follows the instruction in every query to RoboRefer, directly and without a space, as in the official client
// (RoboRefer, API/use_api.py). The two spaces after the comma are the original's.
const RoboReferSuffix = "Your answer should be formatted as a list of tuples, i.e. [(x1, y1)],  where each tuple contains the x and y " +
	"coordinates of a point satisfying the conditions above. The coordinates should be between 0 and 1, indicating the normalized pixel " +
	"locations of the points in the image."

// RoboReferPrompt is the text that RoboRefer is given for q: instruction and suffix, or the instruction alone if it is verbatim.
func RoboReferPrompt(q Query) string {
	if q.Verbatim {
		return q.Instruction
	}
	return q.Instruction + RoboReferSuffix
}

// A DepthSource says which depth RoboRefer's server works with. The zero value is DepthFromQuery.
type DepthSource string

const (
	DepthFromQuery  DepthSource = "query"  // the query's, as disparity_minmax_u8; RGB only if it has none
	DepthFromServer DepthSource = "server" // the server's own estimate by Depth Anything V2, from the colour image
	DepthFromNobody DepthSource = "none"   // RGB only
)

// RoboReferOptions tunes a RoboReferClient. The zero value is ready to use.
type RoboReferOptions struct {
	Timeout  time.Duration     // longest wall time of one try; 0 means 60 s
	Tries    int               // tries before giving up; 0 means 3, 1 means no second one
	Backoff  time.Duration     // wait before the second try, doubled before each further one up to 10 s; 0 means 250 ms
	MaxReply int64             // longest reply that is read [bytes]; 0 means 1 MiB
	Parallel int               // queries on their way at once; 0 means 1, since the official server mixes up queries that overlap
	Depth    DepthSource       // "" means DepthFromQuery
	Token    string            // sent as "Authorization: Bearer …", for refarena serve; it stands in no record. "" means none
	HTTP     http.RoundTripper // carries the requests; nil means plain HTTP(S), by the environment's proxy, one connection a query
}

func (o RoboReferOptions) withDefaults() RoboReferOptions {
	o.Timeout = cmp.Or(o.Timeout, 60*time.Second)
	o.Tries = cmp.Or(o.Tries, 3)
	o.Backoff = cmp.Or(o.Backoff, 250*time.Millisecond)
	o.MaxReply = cmp.Or(o.MaxReply, 1<<20)
	o.Parallel = cmp.Or(o.Parallel, 1)
	o.Depth = cmp.Or(o.Depth, DepthFromQuery)
	if o.HTTP == nil {
		// Without keep-alive a query never meets a connection that the server has just closed. The official server closes every one anyway.
		o.HTTP = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	return o
}

// A RoboReferClient asks RoboRefer's official HTTP server (API/api.py), or one that speaks its protocol: POST /query with
//
//	{"image_url": ["<base64 PNG>"], "depth_url": ["<base64 PNG>"], "enable_depth": 1, "text": "<instruction><suffix>"}
//
// answered by {"answer": "<text>", "result": 1}. What the answers mean:
//
//	200, JSON with result 1 and a text       the model's reply: points, refer.unparsable or refer.empty
//	200, anything else; 500                  refer.unparsable: the model was asked and its server made nothing readable of it
//	no reply within Timeout, after Tries     refer.timeout, if the last query was sent in full; else an error
//	refused, reset or hung up; 502, 503, 504 tried again; after Tries an error with ErrUnreachable, since nobody knows the model's answer
//	any other status, redirects included     an error at once: this server does not take such queries
//
// The server says neither which model it runs nor how it was set, so Info has no version and promises no repeatability.
type RoboReferClient struct {
	name  string // the address without /query
	url   string // … with it
	opt   RoboReferOptions
	http  *http.Client
	slots chan struct{} // one token for each query on its way
}

// NewRoboReferClient is a client of the server at address, such as "http://127.0.0.1:25547". A path is kept as a prefix; "/query" at its
// end is optional. Nothing is sent yet: see Check. The error is for an address or options that make no sense.
func NewRoboReferClient(address string, opt RoboReferOptions) (*RoboReferClient, error) {
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@"): // and it is not repeated in the message, which may go to a log
		return nil, errors.New("referee: address with an @, as if it had a password in it (want http://HOST:PORT or https://HOST:PORT)")
	case err != nil:
		return nil, fmt.Errorf("referee: address %q is not a URL (want http://HOST:PORT or https://HOST:PORT)", address)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, fmt.Errorf("referee: address %q (want http://HOST:PORT or https://HOST:PORT)", address)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("referee: address %q has port %s (want 1 to 65535)", address, p)
		}
	}
	switch {
	case opt.Timeout < 0 || opt.Tries < 0 || opt.Backoff < 0 || opt.MaxReply < 0 || opt.Parallel < 0:
		return nil, fmt.Errorf("referee: timeout %v, tries %d, backoff %v, reply limit %d, parallel %d (want none negative)",
			opt.Timeout, opt.Tries, opt.Backoff, opt.MaxReply, opt.Parallel)
	case opt.Depth != "" && opt.Depth != DepthFromQuery && opt.Depth != DepthFromServer && opt.Depth != DepthFromNobody:
		return nil, fmt.Errorf("referee: no depth source %q (have %s, %s, %s)", string(opt.Depth), DepthFromQuery, DepthFromServer, DepthFromNobody)
	}
	opt = opt.withDefaults()
	name := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(u.String(), "/"), "/query"), "/")
	return &RoboReferClient{
		name: name,
		url:  name + "/query",
		opt:  opt,
		http: &http.Client{
			Transport:     opt.HTTP,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		slots: make(chan struct{}, opt.Parallel),
	}, nil
}

// Info names the server. Its settings are those of the options that may move an answer.
func (c *RoboReferClient) Info() Info {
	return Info{
		Name:  c.name,
		Model: "RoboRefer HTTP server",
		Settings: map[string]string{
			"depth":          string(c.opt.Depth),
			"depth_encoding": string(DepthDisparityMinMaxU8),
			"prompt_suffix":  RoboReferSuffix,
			"timeout":        c.opt.Timeout.String(),
			"tries":          strconv.Itoa(c.opt.Tries),
		},
	}
}

// Check sends GET / and wants any sign of an HTTP server. The error is ErrUnreachable after Tries, or what is wrong with the server.
func (c *RoboReferClient) Check(ctx context.Context) error {
	_, _, err := c.send(ctx, http.MethodGet, c.name+"/", nil)
	return err
}

// Point asks the server; see RoboReferClient for what its answers mean. Latency does not count the wait for other queries of this client.
func (c *RoboReferClient) Point(ctx context.Context, q Query) (Answer, error) {
	if err := begin(ctx, c.name, q); err != nil {
		return Answer{}, err
	}
	prompt := RoboReferPrompt(q)
	body, err := c.encode(q, prompt)
	if err != nil {
		return Answer{}, err
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("referee: %s: not asked: %w", c.url, ctx.Err())
	}
	start := time.Now()
	rep, tries, err := c.send(ctx, http.MethodPost, c.url, body)
	if err != nil {
		return Answer{}, err
	}
	a := c.read(rep)
	a.Prompt, a.Attempts, a.Latency = prompt, tries, time.Since(start)
	return a, nil
}

// A roboReferQuery is the body of POST /query. encoding/json writes []byte as padded base64 without line breaks, as the server wants it.
type roboReferQuery struct {
	ImageURL    [][]byte `json:"image_url"`
	DepthURL    [][]byte `json:"depth_url,omitempty"` // left out, not null: the server fails on null
	EnableDepth int      `json:"enable_depth"`        // 1 without depth_url makes the server estimate depth itself
	Text        string   `json:"text"`
}

// encode is the body that asks q. It holds copies of q's pixels, so that nothing reads the query once Point has returned.
func (c *RoboReferClient) encode(q Query, prompt string) ([]byte, error) {
	rgb, err := EncodeRGB(q)
	if err != nil {
		return nil, fmt.Errorf("referee: encode image: %w", err)
	}
	body := roboReferQuery{ImageURL: [][]byte{rgb}, Text: prompt}
	switch {
	case c.opt.Depth == DepthFromServer:
		body.EnableDepth = 1
	case c.opt.Depth == DepthFromQuery && q.HasDepth():
		depth, err := EncodeDisparity(q)
		if err != nil {
			return nil, err
		}
		body.DepthURL, body.EnableDepth = [][]byte{depth}, 1
	}
	return json.Marshal(body)
}

// maxErrorText is how much of a reply that is no answer is kept or quoted [bytes].
const maxErrorText = 2 << 10

// A reply is what came back over HTTP.
type reply struct {
	status      int // 0: the query was sent and no answer came in time
	contentType string
	body        []byte // one byte longer than the limit if there was more
}

var errTryTimeout = errors.New("no answer in time")

// send makes one request, up to Tries times while that may help. It returns a reply that somebody has to judge: status 200 or 500, or 0
// for a query that was sent in full and not answered in time; for GET, any status that is not a gateway's.
func (c *RoboReferClient) send(ctx context.Context, method, target string, body []byte) (rep reply, tries int, err error) {
	wait := min(c.opt.Backoff, 10*time.Second)
	for tries = 1; ; tries++ {
		var sent bool
		rep, sent, err = c.try(ctx, method, target, body)
		if err != nil && ctx.Err() != nil {
			return reply{}, tries, fmt.Errorf("referee: %s: given up: %w", target, ctx.Err())
		}
		again := err != nil && isTransient(err)
		if err == nil {
			refusal := serveError(rep)
			if refusal.Code == "timeout" {
				return reply{}, tries, nil // the server had the query and the model did not answer
			}
			switch rep.status {
			case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
				again, err = true, fmt.Errorf("status %d %s", rep.status, http.StatusText(rep.status))
			case http.StatusOK, http.StatusInternalServerError:
				return rep, tries, nil
			default:
				if method == http.MethodGet {
					return rep, tries, nil
				}
				if refusal.Message != "" {
					return reply{}, tries, fmt.Errorf("referee: %s: status %d %s: %s", target, rep.status, http.StatusText(rep.status), cut(refusal.Message, 300))
				}
				return reply{}, tries, fmt.Errorf("referee: %s: status %d %s, %.80q (want 200; is this RoboRefer's server?)",
					target, rep.status, http.StatusText(rep.status), rep.body)
			}
		}
		if !again {
			return reply{}, tries, fmt.Errorf("referee: %s: %w", target, err)
		}
		if tries >= c.opt.Tries {
			if sent && method == http.MethodPost && errors.Is(err, errTryTimeout) {
				return reply{}, tries, nil
			}
			return reply{}, tries, fmt.Errorf("referee: %w: %s: tried %d ×, at last: %w", ErrUnreachable, target, tries, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return reply{}, tries, fmt.Errorf("referee: %s: given up: %w", target, ctx.Err())
		}
		wait = min(2*wait, 10*time.Second)
	}
}

// A refusal is why refarena serve has no answer; the official server says nothing of the kind.
type refusal struct{ Code, Message string }

func serveError(rep reply) refusal {
	var msg struct{ Error refusal }
	if rep.status < 400 || json.Unmarshal(rep.body, &msg) != nil {
		return refusal{}
	}
	return msg.Error
}

// try makes one request and reads its reply. sent says that the server was given all of it.
func (c *RoboReferClient) try(ctx context.Context, method, target string, body []byte) (rep reply, sent bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.opt.Timeout, errTryTimeout)
	defer cancel()
	var wrote atomic.Bool // the transport writes from a goroutine of its own
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { wrote.Store(info.Err == nil) },
	})
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return reply{}, false, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if c.opt.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.opt.Token)
	}
	resp, err := c.http.Do(req)
	if err == nil {
		defer resp.Body.Close()
		rep.status, rep.contentType = resp.StatusCode, resp.Header.Get("Content-Type")
		rep.body, err = io.ReadAll(io.LimitReader(resp.Body, c.opt.MaxReply+1))
	}
	if err != nil {
		if context.Cause(ctx) == errTryTimeout {
			return reply{}, wrote.Load(), fmt.Errorf("%w (%v)", errTryTimeout, c.opt.Timeout)
		}
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err // it repeats method and address
		}
		return reply{}, wrote.Load(), err
	}
	return rep, true, nil
}

// isTransient says whether a request that failed with err may do better the next time.
func isTransient(err error) bool {
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return dns.IsTemporary || dns.IsTimeout
	}
	if netErr := net.Error(nil); errors.As(err, &netErr) && netErr.Timeout() {
		return true
	}
	for _, target := range []error{errTryTimeout, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// read makes an answer of a reply with status 200, 500 or 0.
func (c *RoboReferClient) read(rep reply) Answer {
	bad := func(format string, args ...any) Answer {
		return Answer{Text: cut(string(rep.body), maxErrorText), ServerText: true, Problem: ProblemUnparsable, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case rep.status == 0:
		return Answer{Problem: ProblemTimeout, Reason: fmt.Sprintf("no answer within %v", c.opt.Timeout)}
	case rep.status != http.StatusOK:
		if r := serveError(rep); r.Message != "" {
			return bad("the server failed on the query: %s", strings.ToValidUTF8(cut(r.Message, 300), "?"))
		}
		return bad("the server failed on the query: status %d %s", rep.status, http.StatusText(rep.status))
	case int64(len(rep.body)) > c.opt.MaxReply:
		return bad("the reply is longer than %d bytes", c.opt.MaxReply)
	}
	if t, _, err := mime.ParseMediaType(rep.contentType); err != nil || t != "application/json" {
		return bad("the reply's content type is %.60q (want application/json)", rep.contentType)
	}
	var msg struct{ Answer, Result json.RawMessage }
	if err := json.Unmarshal(rep.body, &msg); err != nil {
		return bad("the reply is not a JSON object: %v", err)
	}
	if result, err := strconv.ParseFloat(string(msg.Result), 64); err != nil || result != 1 {
		return bad("the reply's result is %.24s (want 1)", cmp.Or(string(msg.Result), "missing"))
	}
	var text *string
	if err := json.Unmarshal(msg.Answer, &text); err != nil || text == nil {
		return bad("the reply's answer is %.24s (want a text)", cmp.Or(string(msg.Answer), "missing"))
	}
	return ReadAnswer(*text)
}
