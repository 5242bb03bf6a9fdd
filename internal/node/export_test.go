package node

// Queued is how many submissions wait for the loop.
func (n *Node) Queued() int { return len(n.queue) }
