"""The commands, one module each: arguments in, lines and an exit status out; what they do stands elsewhere."""
