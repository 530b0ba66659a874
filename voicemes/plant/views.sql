-- Views of the events: written by projections only, dropped and made again by `voicemes plant rebuild`.
-- Times are UTC, ISO 8601 with milliseconds, so that they sort as text.
-- Columns named `aliases`, `data`, `details` and `inputs` hold JSON.

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
    state_reason TEXT,
    position INTEGER NOT NULL DEFAULT 0,    -- along the line: the route of a unit
    ends_line INTEGER NOT NULL DEFAULT 0,   -- 1: the times of the line are measured here
    locked INTEGER NOT NULL DEFAULT 0,
    lock_reason TEXT,
    state_before_setup INTEGER,
    accrued_until TEXT                      -- until when its time is counted in kpi_element; NULL: as seeded
) STRICT;

CREATE TABLE product (id TEXT PRIMARY KEY, text TEXT NOT NULL, aliases TEXT NOT NULL DEFAULT '[]') STRICT;

CREATE TABLE team (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    team TEXT REFERENCES team (id),
    line TEXT REFERENCES equipment (id),
    qualifications TEXT NOT NULL DEFAULT '[]',
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
    location TEXT REFERENCES equipment (id),
    hold_reason TEXT
) STRICT;

CREATE INDEX material_lot_by_material ON material_lot (material);

-- Where a lot was loaded from when to when: what ran there meanwhile holds some of it.
CREATE TABLE lot_load (
    lot TEXT NOT NULL REFERENCES material_lot (id),
    equipment TEXT NOT NULL REFERENCES equipment (id),
    loaded TEXT NOT NULL,
    unloaded TEXT,
    PRIMARY KEY (lot, equipment, loaded)
) STRICT;

CREATE INDEX lot_load_by_equipment ON lot_load (equipment, loaded);

CREATE TABLE bill_of_material (
    product TEXT NOT NULL REFERENCES product (id),
    material TEXT NOT NULL REFERENCES material_definition (id),
    quantity REAL NOT NULL,
    PRIMARY KEY (product, material)
) STRICT;

-- Which material belongs into which slot when a machine is set up for a product.
CREATE TABLE setup_sheet (
    equipment TEXT NOT NULL REFERENCES equipment (id),
    product TEXT NOT NULL REFERENCES product (id),
    slot INTEGER NOT NULL,
    material TEXT NOT NULL REFERENCES material_definition (id),
    PRIMARY KEY (equipment, product, slot)
) STRICT;

CREATE TABLE physical_asset (
    id TEXT PRIMARY KEY,
    equipment TEXT NOT NULL REFERENCES equipment (id),
    text TEXT NOT NULL
) STRICT;

-- What may be decided without a person: a change within these bounds.
CREATE TABLE policy (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    lower REAL NOT NULL,
    upper REAL NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE equipment_parameter (
    equipment TEXT NOT NULL REFERENCES equipment (id),
    parameter TEXT NOT NULL,
    value REAL NOT NULL,
    unit TEXT,
    time TEXT,
    PRIMARY KEY (equipment, parameter)
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
    ended TEXT,
    reason TEXT,        -- why it is paused, held or aborted
    work_request TEXT
) STRICT;

CREATE INDEX job_order_by_equipment ON job_order (equipment, status);

CREATE INDEX job_order_by_status ON job_order (status, ended);

CREATE TABLE work_request (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (id),
    quantity INTEGER NOT NULL,
    period TEXT,
    status TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE unit (
    serial TEXT PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (id),
    job TEXT NOT NULL REFERENCES job_order (id),
    equipment TEXT NOT NULL REFERENCES equipment (id),
    status TEXT NOT NULL,
    target TEXT         -- where it was sent: rework, scrap, inspection, x-ray, test
) STRICT;

CREATE INDEX unit_by_equipment ON unit (equipment);

CREATE TABLE unit_history (
    id INTEGER PRIMARY KEY,
    serial TEXT NOT NULL REFERENCES unit (serial),
    type TEXT NOT NULL,
    equipment TEXT REFERENCES equipment (id),
    target TEXT,
    text TEXT,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE INDEX unit_history_by_serial ON unit_history (serial);

CREATE INDEX unit_history_by_equipment ON unit_history (equipment, time);

CREATE TABLE consumption (
    id INTEGER PRIMARY KEY,
    lot TEXT NOT NULL REFERENCES material_lot (id),
    quantity INTEGER NOT NULL,
    job TEXT REFERENCES job_order (id),
    serial TEXT REFERENCES unit (serial),
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE INDEX consumption_by_lot ON consumption (lot);

CREATE TABLE lot_deviation (               -- something was changed while this lot was in use
    id INTEGER PRIMARY KEY,
    lot TEXT NOT NULL REFERENCES material_lot (id),
    text TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE INDEX lot_deviation_by_lot ON lot_deviation (lot);

CREATE INDEX consumption_by_serial ON consumption (serial);

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
    time TEXT NOT NULL,
    equipment TEXT REFERENCES equipment (id),   -- where the unit was
    disposition TEXT,
    closed TEXT
) STRICT;

CREATE INDEX nonconformance_by_time ON nonconformance (time);

CREATE INDEX nonconformance_by_serial ON nonconformance (serial);

-- A characteristic with its value, or an inspection with its verdict alone.
CREATE TABLE test_result (
    id INTEGER PRIMARY KEY,
    characteristic TEXT REFERENCES test_specification (characteristic),
    value REAL,
    unit TEXT,
    serial TEXT REFERENCES unit (serial),
    equipment TEXT REFERENCES equipment (id),
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

CREATE INDEX test_result_by_serial ON test_result (serial);

CREATE INDEX downtime_event_by_equipment ON downtime_event (equipment, status);

CREATE INDEX downtime_event_by_status ON downtime_event (status, ended);

CREATE TABLE work_alert (
    id INTEGER PRIMARY KEY,
    team TEXT NOT NULL REFERENCES team (id),
    equipment TEXT REFERENCES equipment (id),
    text TEXT,
    status TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL,
    priority TEXT NOT NULL DEFAULT 'normal',
    acknowledged_by TEXT REFERENCES person (id),
    resolved_by TEXT REFERENCES person (id),
    resolved TEXT,
    resolution TEXT
) STRICT;

CREATE INDEX work_alert_by_status ON work_alert (status);

CREATE TABLE maintenance_request (
    id INTEGER PRIMARY KEY,
    equipment TEXT NOT NULL REFERENCES equipment (id),
    component TEXT,
    text TEXT,
    status TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

-- `details` is what was asked for; its fields depend on `kind`.
CREATE TABLE change_request (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    line TEXT REFERENCES equipment (id),
    equipment TEXT REFERENCES equipment (id),
    details TEXT NOT NULL,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL,
    decided_by TEXT,
    decided TEXT,
    reason TEXT
) STRICT;

CREATE INDEX change_request_by_status ON change_request (status);

-- What was decided by a rule, and from what: so that "why?" has an answer.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    line TEXT,
    rule TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    time TEXT NOT NULL
) STRICT;

CREATE INDEX decision_by_time ON decision (time);

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    job TEXT REFERENCES job_order (id),
    activity TEXT,
    line TEXT REFERENCES equipment (id),
    started TEXT NOT NULL,
    ended TEXT
) STRICT;

CREATE INDEX session_by_person ON session (person, ended);

CREATE TABLE handover (
    id INTEGER PRIMARY KEY,
    shift TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES person (id),
    text TEXT,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE INDEX handover_by_shift ON handover (shift);

CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    equipment TEXT REFERENCES equipment (id),
    job TEXT REFERENCES job_order (id),
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE checklist_result (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL REFERENCES job_order (id),
    step INTEGER,
    result TEXT NOT NULL,
    text TEXT,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE TABLE intervention (
    id INTEGER PRIMARY KEY,
    robot TEXT NOT NULL REFERENCES equipment (id),
    reason TEXT NOT NULL REFERENCES reason_code (id),
    text TEXT,
    operator TEXT REFERENCES person (id),
    time TEXT NOT NULL
) STRICT;

CREATE INDEX intervention_by_robot ON intervention (robot, time);

-- What a robot did in one clock hour; run time in seconds.
CREATE TABLE robot_hour (
    robot TEXT NOT NULL REFERENCES equipment (id),
    hour TEXT NOT NULL,
    cycles INTEGER NOT NULL DEFAULT 0,
    run_s REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (robot, hour)
) STRICT;

-- The last value of each parameter of each machine; `n` counts them all.
CREATE TABLE telemetry (
    equipment TEXT NOT NULL REFERENCES equipment (id),
    parameter TEXT NOT NULL,
    value REAL NOT NULL,
    unit TEXT,
    time TEXT NOT NULL,
    n INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (equipment, parameter)
) STRICT;

CREATE INDEX telemetry_by_parameter ON telemetry (parameter);

-- The last values, for the trend: number n stands in slot n modulo the size of the ring.
CREATE TABLE telemetry_point (
    equipment TEXT NOT NULL REFERENCES equipment (id),
    parameter TEXT NOT NULL,
    slot INTEGER NOT NULL,
    number INTEGER NOT NULL,
    value REAL NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (equipment, parameter, slot)
) STRICT;

CREATE TABLE telemetry_hour (
    equipment TEXT NOT NULL REFERENCES equipment (id),
    parameter TEXT NOT NULL,
    hour TEXT NOT NULL,
    n INTEGER NOT NULL,
    total REAL NOT NULL,
    lowest REAL NOT NULL,
    highest REAL NOT NULL,
    PRIMARY KEY (equipment, parameter, hour)
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

