-- The tables of the reference MES. Times are UTC, ISO 8601 with milliseconds, so that they sort as text.
-- Columns named `aliases` and `data` hold JSON.

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE e10_state (code INTEGER PRIMARY KEY, state TEXT NOT NULL, text TEXT NOT NULL) STRICT;

-- A line is equipment of level ProductionLine, and is its own line.
CREATE TABLE equipment (
    id TEXT PRIMARY KEY,
    level TEXT NOT NULL,
    line TEXT NOT NULL REFERENCES equipment (id) DEFERRABLE INITIALLY DEFERRED,
    text TEXT NOT NULL,
    aliases TEXT NOT NULL DEFAULT '[]',
    state INTEGER REFERENCES e10_state (code),
    state_since TEXT,
    state_reason TEXT
) STRICT;

CREATE TABLE product (id TEXT PRIMARY KEY, text TEXT NOT NULL, aliases TEXT NOT NULL DEFAULT '[]') STRICT;

CREATE TABLE team (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    team TEXT REFERENCES team (id),
    line TEXT REFERENCES equipment (id),
    aliases TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE TABLE defect_code (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;

CREATE TABLE reason_code (
    id TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    e10_code INTEGER NOT NULL REFERENCES e10_state (code)
) STRICT;

CREATE TABLE material_definition (
    id TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    unit TEXT NOT NULL,
    aliases TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE TABLE material_lot (
    id TEXT PRIMARY KEY,
    material TEXT NOT NULL REFERENCES material_definition (id),
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    disposition TEXT NOT NULL,
    location TEXT REFERENCES equipment (id)
) STRICT;

CREATE TABLE test_specification (
    characteristic TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    unit TEXT NOT NULL,
    lower REAL,
    upper REAL
) STRICT;

CREATE TABLE work_master (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (id),
    text TEXT NOT NULL
) STRICT;

CREATE TABLE work_step (
    work_master TEXT NOT NULL REFERENCES work_master (id),
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (work_master, number)
) STRICT;

CREATE TABLE job_order (
    id TEXT PRIMARY KEY,
    work_master TEXT NOT NULL REFERENCES work_master (id),
    equipment TEXT NOT NULL REFERENCES equipment (id),
    status TEXT NOT NULL,
    position INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    good INTEGER NOT NULL DEFAULT 0,
    scrap INTEGER NOT NULL DEFAULT 0,
    rework INTEGER NOT NULL DEFAULT 0,
    started TEXT,
    ended TEXT
) STRICT;

CREATE TABLE unit (
    serial TEXT PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (id),
    job TEXT NOT NULL REFERENCES job_order (id),
    equipment TEXT NOT NULL REFERENCES equipment (id),
    status TEXT NOT NULL
) STRICT;

CREATE TABLE material_actual (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL REFERENCES job_order (id),
    good INTEGER NOT NULL,
    scrap INTEGER NOT NULL,
    rework INTEGER NOT NULL,
    defect TEXT REFERENCES defect_code (id),
    serial TEXT REFERENCES unit (serial),
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE nonconformance (
    id INTEGER PRIMARY KEY,
    defect TEXT NOT NULL REFERENCES defect_code (id),
    serial TEXT NOT NULL REFERENCES unit (serial),
    component TEXT,
    status TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE test_result (
    id INTEGER PRIMARY KEY,
    characteristic TEXT NOT NULL REFERENCES test_specification (characteristic),
    value REAL NOT NULL,
    unit TEXT NOT NULL,
    serial TEXT REFERENCES unit (serial),
    result TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE downtime_event (
    id INTEGER PRIMARY KEY,
    equipment TEXT NOT NULL REFERENCES equipment (id),
    reason TEXT NOT NULL REFERENCES reason_code (id),
    component TEXT,
    status TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    state_before INTEGER REFERENCES e10_state (code),
    operator TEXT REFERENCES person (id)
) STRICT;

CREATE TABLE work_alert (
    id INTEGER PRIMARY KEY,
    team TEXT NOT NULL REFERENCES team (id),
    equipment TEXT REFERENCES equipment (id),
    text TEXT,
    status TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE material_request (
    id INTEGER PRIMARY KEY,
    material TEXT NOT NULL REFERENCES material_definition (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit TEXT NOT NULL,
    line TEXT REFERENCES equipment (id),
    status TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

-- ISO 22400-2 elements per clock hour. Times in minutes, energy in kWh; `pri` is minutes per item.
-- A line has rows of its own, measured at its end: they are not the sum of its machines.
CREATE TABLE kpi_element (
    equipment TEXT NOT NULL REFERENCES equipment (id),
    hour TEXT NOT NULL,
    pbt REAL NOT NULL DEFAULT 0,
    apt REAL NOT NULL DEFAULT 0,
    aubt REAL NOT NULL DEFAULT 0,
    aoet REAL NOT NULL DEFAULT 0,
    pri REAL NOT NULL DEFAULT 0,
    pq REAL NOT NULL DEFAULT 0,
    gq REAL NOT NULL DEFAULT 0,
    sq REAL NOT NULL DEFAULT 0,
    rq REAL NOT NULL DEFAULT 0,
    gp REAL NOT NULL DEFAULT 0,
    ip REAL NOT NULL DEFAULT 0,
    fe REAL NOT NULL DEFAULT 0,
    tbf REAL NOT NULL DEFAULT 0,
    ttr REAL NOT NULL DEFAULT 0,
    ec REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (equipment, hour)
) STRICT;

-- Every change, in order, written in the transaction that made it.
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    time TEXT NOT NULL,
    subject TEXT NOT NULL,
    operator TEXT,
    idempotency_key TEXT,
    data TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    time TEXT NOT NULL
) STRICT;
