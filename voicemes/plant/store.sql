-- What is true for ever: the events, and what was answered to numbered requests. Everything else is in views.sql.

-- CloudEvents 1.0. `hash` is SHA-256 over the hash before it and the canonical JSON of the event (see event_store.py).
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    time TEXT NOT NULL,
    subject TEXT NOT NULL,
    line TEXT,
    equipment TEXT,
    operator TEXT,
    actortype TEXT NOT NULL,
    correlationid TEXT NOT NULL,
    causationid TEXT,
    idempotencykey TEXT,
    data TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    time TEXT NOT NULL
) STRICT;

-- Which code made the views (see rebuild.py): other code makes them again when it opens the plant.
CREATE TABLE view_version (fingerprint TEXT NOT NULL) STRICT;
