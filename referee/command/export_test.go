package command

import "time"

// SetTimeout changes Options.Timeout of a Command that is not being asked.
func (c *Command) SetTimeout(d time.Duration) { c.opt.Timeout = d }
