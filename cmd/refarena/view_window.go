package main

import (
	"context"
	"errors"

	"github.com/refarena/refarena/cmd/refarena/internal/view"
)

// errNoWindow says what to do instead.
var errNoWindow = errors.New("there is no window to be had here: refarena view --web serves the same view to a browser")

func checkDisplay() error { return errNoWindow }

func (c *viewCommand) window(context.Context, console, *view.Viewer) error { return errNoWindow }
