"""The small procedural world that the default model learns: what exists in it, how it moves, how it is described."""
