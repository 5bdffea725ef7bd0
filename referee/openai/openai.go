// Package openai asks any model behind an OpenAI-compatible chat endpoint that takes images: OpenAI's own, and those of vLLM, SGLang, llama.cpp, Ollama,
// LM Studio, and most vendors. How a model is asked and how its answer is read follow its family (package family).
//
// The key comes from the environment and appears in no record, log or error.
package openai

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	sdk "github.com/openai/openai-go"
	"github.com/openai/openai-go/option"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/referee/family"
	"github.com/refarena/refarena/referee/photo"
)

// The environment that is read, as by other clients.
const (
	KeyVariable = "OPENAI_API_KEY"
	URLVariable = "OPENAI_BASE_URL"
)

// DefaultURL is OpenAI's own endpoint.
const DefaultURL = "https://api.openai.com/v1"

// Options tunes a Client. The zero value is ready to use.
type Options struct {
	Family      string        // prompt and answer form, see family.Names; "" means by the model's name
	MaxSide     int           // pictures are made smaller to fit [px]; 0 means they are sent as they are
	Temperature string        // "0" and so on; "" means 0, "none" that none is sent (some models refuse it)
	MaxTokens   int           // longest answer, thinking included [tokens]; 0 means 2,048, -1 that no limit is sent
	Timeout     time.Duration // longest wall time of one try; 0 means 60 s
	Tries       int           // tries before giving up on a server that is away, overloaded or broken; 0 means 3
	HTTP        *http.Client  // carries the requests; nil means a plain one, by the environment's proxy
}

// A Client asks one model. It is safe for concurrent use.
type Client struct {
	model, base, key string
	family           family.Family
	opt              Options
	temperature      *float64
	api              sdk.Client
}

// New is a client of the model at base, such as "http://127.0.0.1:8000/v1"; "" means $OPENAI_BASE_URL, else OpenAI's own. Nothing is sent yet. The error is
// for options that make no sense, or for a missing key where one is needed for certain.
func New(model, base string, opt Options) (*Client, error) {
	c := &Client{model: model, base: strings.TrimRight(cmp.Or(base, os.Getenv(URLVariable), DefaultURL), "/"), key: os.Getenv(KeyVariable), family: family.Of(model), opt: opt}
	c.opt.Timeout = cmp.Or(opt.Timeout, 60*time.Second)
	c.opt.Tries = cmp.Or(opt.Tries, 3)
	c.opt.MaxTokens = cmp.Or(opt.MaxTokens, 2048)
	c.opt.Temperature = cmp.Or(opt.Temperature, "0")
	u, err := url.Parse(c.base)
	switch {
	case model == "":
		return nil, errors.New("openai: no model (want openai:MODEL, such as openai:gpt-5 or openai:Qwen/Qwen3-VL-8B-Instruct@http://127.0.0.1:8000/v1)")
	case strings.Contains(c.base, "@"): // not repeated: it may be a password
		return nil, errors.New("openai: address with an @, as if it had a password in it")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("openai: address %q (want http://HOST:PORT/v1 or https://HOST/v1)", c.base)
	case c.base == DefaultURL && c.key == "":
		return nil, fmt.Errorf("openai: %s needs a key in $%s", DefaultURL, KeyVariable)
	case opt.MaxSide < 0 || c.opt.Timeout < 0 || c.opt.Tries < 0 || c.opt.MaxTokens < -1:
		return nil, fmt.Errorf("openai: side %d, time-out %v, tries %d, tokens %d (want none negative)", opt.MaxSide, opt.Timeout, opt.Tries, opt.MaxTokens)
	}
	if opt.Family != "" {
		if c.family, err = family.Open(opt.Family); err != nil {
			return nil, err
		}
	}
	if c.opt.Temperature != "none" {
		v, err := strconv.ParseFloat(c.opt.Temperature, 64)
		if err != nil || v < 0 || v > 2 {
			return nil, fmt.Errorf("openai: temperature %q (want 0 to 2, or none)", c.opt.Temperature)
		}
		c.temperature = &v
	}
	options := []option.RequestOption{option.WithBaseURL(c.base + "/"), option.WithMaxRetries(0)}
	if c.key != "" {
		options = append(options, option.WithAPIKey(c.key))
	}
	if opt.HTTP != nil {
		options = append(options, option.WithHTTPClient(opt.HTTP))
	}
	c.api = sdk.NewClient(options...)
	return c, nil
}

// Maker opens "openai:MODEL[@URL][?family=…&side=…&temperature=…&tokens=…]" for referee.Open.
func Maker(timeout time.Duration) referee.Maker {
	return referee.Maker{
		Name: "openai:MODEL[@URL]", Prefix: "openai:", Doc: "a vision-language model behind an OpenAI-compatible endpoint; key in $" + KeyVariable,
		Make: func(spec string, _ referee.Options) (referee.Referee, error) {
			model, base, opt, err := parseSpec(spec)
			if err != nil {
				return nil, err
			}
			opt.Timeout = timeout
			c, err := New(model, base, opt)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
	}
}

func parseSpec(spec string) (model, base string, opt Options, err error) {
	spec, query, _ := strings.Cut(strings.TrimPrefix(spec, "openai:"), "?")
	model = spec
	if i := strings.LastIndex(spec, "@http"); i >= 0 {
		model, base = spec[:i], spec[i+1:]
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", "", opt, fmt.Errorf("openai: options %q: %w", query, err)
	}
	for name, v := range values {
		var err error
		switch name {
		case "family":
			opt.Family = v[0]
		case "temperature":
			opt.Temperature = v[0]
		case "side":
			opt.MaxSide, err = strconv.Atoi(v[0])
		case "tokens":
			opt.MaxTokens, err = strconv.Atoi(v[0])
		default:
			return "", "", opt, fmt.Errorf("openai: no option %q (have family, side, temperature, tokens)", name)
		}
		if err != nil {
			return "", "", opt, fmt.Errorf("openai: option %s=%q (want a number)", name, v[0])
		}
	}
	return model, base, opt, nil
}

// Info names model, endpoint, prompt, format and resolution: all that is known to move an answer. What the endpoint runs under that name is not known, so
// there is no version.
func (c *Client) Info() referee.Info {
	picture := "PNG, as it is"
	if c.opt.MaxSide > 0 {
		picture = fmt.Sprintf("PNG, at most %d px a side", c.opt.MaxSide)
	}
	tokens := "no limit sent"
	if c.opt.MaxTokens > 0 {
		tokens = strconv.Itoa(c.opt.MaxTokens)
	}
	return referee.Info{
		Name:  "openai:" + c.model + "@" + c.base,
		Model: c.model,
		Settings: map[string]string{
			"depth":       "none",
			"family":      c.family.Name,
			"coordinates": c.family.Coordinates,
			"prompt":      c.family.Prompt(referee.Query{Instruction: "{instruction}"}),
			"picture":     picture,
			"temperature": c.opt.Temperature,
			"max_tokens":  tokens,
			"timeout":     c.opt.Timeout.String(),
			"tries":       strconv.Itoa(c.opt.Tries),
		},
	}
}

// Check asks the endpoint for its list of models, which some do not have: only a server that is away or that refuses the key is an error.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	_, err := c.api.Models.List(ctx)
	var api *sdk.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api) && api.StatusCode != http.StatusUnauthorized && api.StatusCode != http.StatusForbidden:
		return nil
	case errors.As(err, &api):
		return fmt.Errorf("openai: %s refuses the key in $%s: %w", c.base, KeyVariable, c.redact(err))
	}
	return fmt.Errorf("openai: %w: %s: %w", referee.ErrUnreachable, c.base, c.redact(err))
}

// Point asks the model. An answer that never came within Timeout, after Tries, is ProblemTimeout if the last request was sent in full.
func (c *Client) Point(ctx context.Context, q referee.Query) (referee.Answer, error) {
	if err := ctx.Err(); err != nil {
		return referee.Answer{}, fmt.Errorf("openai: %s: not asked: %w", c.model, err)
	}
	if err := q.Validate(); err != nil {
		return referee.Answer{}, err
	}
	if c.opt.MaxSide > 0 {
		q.RGB, q.Width, q.Height = photo.Shrink(q.RGB, q.Width, q.Height, c.opt.MaxSide)
	}
	png, err := referee.EncodeRGB(q)
	if err != nil {
		return referee.Answer{}, fmt.Errorf("openai: encode image: %w", err)
	}
	prompt := c.family.Prompt(q)
	params := sdk.ChatCompletionNewParams{
		Model: c.model,
		Messages: []sdk.ChatCompletionMessageParamUnion{sdk.UserMessage([]sdk.ChatCompletionContentPartUnionParam{
			sdk.ImageContentPart(sdk.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)}),
			sdk.TextContentPart(prompt),
		})},
	}
	if c.temperature != nil {
		params.Temperature = sdk.Float(*c.temperature)
	}
	if c.opt.MaxTokens > 0 {
		params.MaxCompletionTokens = sdk.Int(int64(c.opt.MaxTokens))
	}
	start := time.Now()
	r, tries, err := c.send(ctx, params)
	if err != nil {
		return referee.Answer{}, err
	}
	var a referee.Answer
	if r.note == timedOut {
		a = referee.Answer{Problem: referee.ProblemTimeout, Reason: fmt.Sprintf("no answer within %v", c.opt.Timeout)}
	} else if a = c.family.ReadAnswer(r.text, q.Width, q.Height); a.Problem != "" && r.note != "" {
		a.Reason += " (" + r.note + ")"
	}
	a.Prompt, a.Tokens, a.Attempts, a.Latency = prompt, r.tokens, tries, time.Since(start)
	return a, nil
}

const timedOut = "timed out"

// A reply is what a model said.
type reply struct {
	text   string
	note   string // what is known about it beyond itself, or timedOut
	tokens int    // generated; 0: the endpoint does not say
}

// send asks up to Tries times while that may help.
func (c *Client) send(ctx context.Context, params sdk.ChatCompletionNewParams) (r reply, tries int, err error) {
	wait := 500 * time.Millisecond
	for tries = 1; ; tries++ {
		var sent atomic.Bool
		tryCtx, cancel := context.WithTimeout(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest: func(info httptrace.WroteRequestInfo) { sent.Store(info.Err == nil) },
		}), c.opt.Timeout)
		resp, err := c.api.Chat.Completions.New(tryCtx, params)
		late := tryCtx.Err() != nil
		cancel()
		if err == nil {
			return readReply(resp), tries, nil
		}
		if ctx.Err() != nil {
			return reply{}, tries, fmt.Errorf("openai: %s: given up: %w", c.base, ctx.Err())
		}
		var api *sdk.Error
		if errors.As(err, &api) && api.StatusCode < 500 && api.StatusCode != http.StatusTooManyRequests && api.StatusCode != http.StatusRequestTimeout {
			return reply{}, tries, fmt.Errorf("openai: %s refuses the query: %w", c.base, c.redact(err))
		}
		if tries >= c.opt.Tries {
			if late && sent.Load() {
				return reply{note: timedOut}, tries, nil
			}
			return reply{}, tries, fmt.Errorf("openai: %w: %s: tried %d ×, at last: %w", referee.ErrUnreachable, c.base, tries, c.redact(err))
		}
		select {
		case <-time.After(retryAfter(api, wait)):
		case <-ctx.Done():
			return reply{}, tries, fmt.Errorf("openai: %s: given up: %w", c.base, ctx.Err())
		}
		wait = min(2*wait, 10*time.Second)
	}
}

// retryAfter is how long a server wants to be left alone, up to a minute; d if it does not say.
func retryAfter(api *sdk.Error, d time.Duration) time.Duration {
	if api != nil && api.Response != nil {
		if s, err := strconv.Atoi(api.Response.Header.Get("Retry-After")); err == nil && s >= 0 && s <= 60 {
			return time.Duration(s) * time.Second
		}
	}
	return d
}

func readReply(resp *sdk.ChatCompletion) reply {
	r := reply{tokens: int(max(0, resp.Usage.CompletionTokens))}
	if len(resp.Choices) == 0 {
		r.note = "the endpoint sent no choice"
		return r
	}
	choice := resp.Choices[0]
	r.text = choice.Message.Content
	switch {
	case r.text == "" && choice.Message.Refusal != "":
		r.text, r.note = choice.Message.Refusal, "the model refused"
	case choice.FinishReason == "length":
		r.note = "cut off at the limit of tokens"
	case choice.FinishReason == "content_filter":
		r.note = "cut off by a content filter"
	}
	return r
}

// redact is err without the key, should a server have repeated it; errors.Is goes on working.
func (c *Client) redact(err error) error {
	msg := err.Error()
	var api *sdk.Error
	if errors.As(err, &api) {
		msg = fmt.Sprintf("status %d %s: %.300s", api.StatusCode, http.StatusText(api.StatusCode), cmp.Or(api.Message, api.RawJSON()))
	}
	if c.key != "" {
		msg = strings.ReplaceAll(msg, c.key, "…")
	}
	return redacted{msg, err}
}

type redacted struct {
	msg string
	err error
}

func (r redacted) Error() string { return r.msg }

func (r redacted) Is(target error) bool { return errors.Is(r.err, target) }
