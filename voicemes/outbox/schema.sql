-- The outbox of one station. An entry and its record in the audit chain are written in one transaction.
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    command_id TEXT NOT NULL UNIQUE,
    command TEXT NOT NULL,              -- JSON of the MesCommand
    digest TEXT NOT NULL,               -- SHA-256 of it: a disk may give back other bytes than it was given
    subject TEXT NOT NULL,              -- what it is about: entries of one subject are delivered in their order
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'sending', 'done', 'refused', 'unknown', 'expired', 'moved', 'dropped')
    ),
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    saved_s REAL NOT NULL,              -- seconds since 1970 UTC
    changed_s REAL NOT NULL,
    is_told INTEGER NOT NULL DEFAULT 0  -- the operator heard what became of it
);
CREATE INDEX open_entries ON entry (subject, seq) WHERE state IN ('waiting', 'sending');
CREATE TABLE record (
    seq INTEGER PRIMARY KEY,
    body TEXT NOT NULL,                 -- canonical JSON of what happened
    hash TEXT NOT NULL                  -- SHA-256 over the hash before and the body
);
