"""What may be done, and when it is refused. A command checks the rules, emits events, and reads the result.

Each takes the open `Change`, then the id of what it works on (if it has one), then its body. None writes a table.
"""
