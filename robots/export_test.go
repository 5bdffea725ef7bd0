package robots

// Stiffen has an executor do without the positions that are not easily found, so that it has to change hands.
func Stiffen(e *Executor) { e.stiff = true }
