package render

// A job is work that can be done in parts, at the same time.
type job interface{ part(part, parts int) }

// A crew does the parts of jobs.
type crew struct {
	n    int
	todo chan int
	done chan struct{}
	job  job // at hand
}

// start hires n - 1 goroutines; the caller of run is the last one.
func (c *crew) start(n int) {
	c.n, c.todo, c.done = n, make(chan int), make(chan struct{})
	for range n - 1 {
		go func() {
			for i := range c.todo {
				c.job.part(i, c.n)
				c.done <- struct{}{}
			}
		}()
	}
}

// run does a job and returns when all is done.
func (c *crew) run(j job) {
	c.job = j
	for i := 1; i < c.n; i++ {
		c.todo <- i
	}
	defer c.wait() // a panic leaves nobody behind
	j.part(0, c.n)
}

func (c *crew) wait() {
	for i := 1; i < c.n; i++ {
		<-c.done
	}
	c.job = nil
}

func (c *crew) stop() { close(c.todo) }
