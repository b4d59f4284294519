// The shell around the core: sockets, HTTP, clock and log.
