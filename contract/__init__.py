"""What the api and the worker agree on: plain data, no torch, no server, no broker.

Nothing here does any work. A module belongs in this package when both sides of the wire need it to mean
the same thing: the spec of a run, the events it emits, its knobs, the components a worker offers, the names
of keys, and the one script by which an event enters the log.
"""
