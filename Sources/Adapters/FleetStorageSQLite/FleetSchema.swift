internal import FleetModel
internal import FleetStorage
internal import GRDB
internal import UpdateModel

/// The tables, and how they came to be. A migration that was published never changes; a new one is added below it.
enum FleetSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-fleet") { db in
            for statement in catalogue + groups + machines + access { try db.execute(sql: statement) }
        }
        migrator.registerMigration("2-rollback") { db in
            for statement in orders { try db.execute(sql: statement) }
        }
        migrator.registerMigration("3-rollouts") { db in
            for statement in rollouts { try db.execute(sql: statement) }
        }
        migrator.registerMigration("4-blocks") { db in
            for statement in blocks { try db.execute(sql: statement) }
        }
        migrator.registerMigration("5-floors") { db in
            for statement in floors { try db.execute(sql: statement) }
        }
        migrator.registerMigration("6-channels") { db in
            for statement in channelRules { try db.execute(sql: statement) }
        }
        migrator.registerMigration("7-privacy") { db in
            for statement in privacy { try db.execute(sql: statement) }
        }
        migrator.registerMigration("8-holds") { db in
            // Most machines wait for nothing, and are not in it.
            try db.execute(sql: "CREATE INDEX machine_by_hold ON machine (hold, application, id) WHERE hold IS NOT NULL")
        }
        migrator.registerMigration("9-kept-blocks") { db in
            try db.execute(
                sql: """
                    CREATE TABLE release_block (
                        application TEXT NOT NULL, version TEXT NOT NULL, record TEXT NOT NULL,
                        PRIMARY KEY (application, version)
                    ) STRICT, WITHOUT ROWID
                    """)
            try keepBlocks(db)
        }
        migrator.registerMigration("10-elsewhere") { db in
            for statement in elsewhere { try db.execute(sql: statement) }
        }
        migrator.registerMigration("11-downloads") { db in
            try db.execute(
                sql: """
                    CREATE TABLE download_meter (
                        application TEXT NOT NULL, machine_group TEXT NOT NULL, owed_bytes INTEGER NOT NULL,
                        at INTEGER NOT NULL, PRIMARY KEY (application, machine_group)
                    ) STRICT, WITHOUT ROWID
                    """)
        }
        migrator.registerMigration("12-decisions") { db in try db.execute(sql: decisions) }
        return migrator
    }

    /// Writes down the blocks that stand, with the bits that they are about. All of it is said here, in the tables'
    /// words of that time: the columns and readers of the program change with later migrations.
    private static func keepBlocks(_ db: Database) throws {
        let sql = "SELECT application, version, block FROM release WHERE block IS NOT NULL"
        for row in try Row.fetchAll(db, sql: sql) {
            let (application, version, block) = (row[0] as String, row[1] as String, row[2] as String)
            let digests = try String.fetchAll(
                db,
                sql: """
                    SELECT sha256 FROM payload WHERE application = ?1 AND version = ?2
                    UNION SELECT content_digest FROM payload
                    WHERE application = ?1 AND version = ?2 AND content_digest IS NOT NULL
                    """, arguments: [application, version])
            let names = digests.map { "\"\($0)\"" }.joined(separator: ",")
            try db.execute(
                sql: """
                    INSERT INTO release_block (application, version, record)
                    VALUES (?1, ?2, json_object('version', ?2, 'block', json(?3), 'digests', json(?4)))
                    """, arguments: [application, version, block, "[\(names)]"])
        }
    }

    /// Brings a database up to date.
    /// - Throws: ``FleetStoreError/newerDatabase(path:marks:)`` when it holds migrations that are not known here.
    static func prepare(_ pool: DatabasePool) throws {
        let migrator = migrator
        let unknown = try pool.read { try migrator.appliedIdentifiers($0).subtracting(migrator.migrations) }
        guard unknown.isEmpty else {
            throw FleetStoreError.newerDatabase(path: pool.path, marks: unknown.sorted())
        }
        try migrator.migrate(pool)
    }

    private static let catalogue = [
        """
        CREATE TABLE application (
            id TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE release (
            application TEXT NOT NULL, version TEXT NOT NULL, notes TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (application, version)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE payload (
            application TEXT NOT NULL, version TEXT NOT NULL, architecture TEXT NOT NULL, source TEXT NOT NULL,
            sha256 TEXT NOT NULL, sha1 TEXT NOT NULL, size INTEGER NOT NULL, file_name TEXT NOT NULL,
            format INTEGER NOT NULL, content_digest TEXT, added_at INTEGER NOT NULL,
            PRIMARY KEY (application, version, architecture, source)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX payload_sha256 ON payload (sha256)",
    ]

    private static let groups = [
        """
        CREATE TABLE channel (
            application TEXT NOT NULL, name TEXT NOT NULL, version TEXT, changed_at INTEGER NOT NULL,
            PRIMARY KEY (application, name)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE channel_move (
            number INTEGER PRIMARY KEY, application TEXT NOT NULL, channel TEXT NOT NULL, previous TEXT,
            version TEXT NOT NULL, promoted_from TEXT, moved_by TEXT NOT NULL, moved_at INTEGER NOT NULL,
            evidence TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX channel_move_channel ON channel_move (application, channel)",
        """
        CREATE TABLE machine_group (
            application TEXT NOT NULL, name TEXT NOT NULL, track TEXT NOT NULL, channel TEXT NOT NULL,
            is_enabled INTEGER NOT NULL, maximum_in_progress INTEGER, stop_after_failures INTEGER,
            stage_deadline_seconds INTEGER NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (application, name), UNIQUE (application, track)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE rollout (
            application TEXT NOT NULL, machine_group TEXT NOT NULL, version TEXT NOT NULL, granted INTEGER NOT NULL,
            in_progress INTEGER NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL,
            expired INTEGER NOT NULL, failed_since_resume INTEGER NOT NULL, failures TEXT, stop TEXT,
            PRIMARY KEY (application, machine_group, version)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE census (
            application TEXT NOT NULL, machine_group TEXT NOT NULL, dimension TEXT NOT NULL, value TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (application, machine_group, dimension, value)
        ) STRICT, WITHOUT ROWID
        """,
    ]

    private static let machines = [
        """
        CREATE TABLE machine (
            application TEXT NOT NULL, id TEXT NOT NULL, track TEXT NOT NULL, machine_group TEXT,
            version TEXT NOT NULL, architecture TEXT, boot_id TEXT, alias TEXT, oem TEXT, address TEXT,
            booted_slot TEXT, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, stage TEXT NOT NULL,
            stage_since INTEGER NOT NULL, grant_version TEXT, granted_at INTEGER, grant_holds_place INTEGER,
            grant_stage_since INTEGER, grant_boot TEXT, hold TEXT, last_error TEXT, failures TEXT,
            PRIMARY KEY (application, id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX machine_by_group ON machine (application, machine_group, id)",
        "CREATE INDEX machine_by_stage ON machine (application, stage, id)",
        "CREATE INDEX machine_by_version ON machine (application, version, id)",
        """
        CREATE INDEX machine_by_place ON machine (application, machine_group, grant_stage_since)
            WHERE grant_holds_place = 1
        """,
        // How many machines each application has, and under '' how many there are.
        "CREATE TABLE machine_tally (application TEXT NOT NULL PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        """
        CREATE TABLE event (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, application TEXT NOT NULL,
            machine TEXT NOT NULL, machine_group TEXT, kind TEXT NOT NULL, type INTEGER, result INTEGER, code INTEGER,
            version TEXT, previous_version TEXT, text TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX event_by_machine ON event (application, machine)",
    ]

    /// What a machine's updater is, its last order to roll back, and what it is not offered since (both as JSON).
    private static let orders = [
        "ALTER TABLE machine ADD COLUMN engine TEXT",
        "ALTER TABLE machine ADD COLUMN rollback TEXT",
        "ALTER TABLE machine ADD COLUMN withheld TEXT",
    ]

    /// Policies with ramps, rates and windows (`policy` as JSON; what had columns keeps them too, so that an older
    /// program can be read), and roll-outs with gates and brakes. `grant_marks`: 1 canary, 2 was late, 4 fell silent.
    private static let rollouts = [
        "ALTER TABLE machine_group ADD COLUMN policy TEXT",
        "ALTER TABLE machine_group ADD COLUMN labels TEXT",
        "ALTER TABLE machine_group ADD COLUMN undo TEXT",
        "ALTER TABLE rollout ADD COLUMN started_at INTEGER",
        "ALTER TABLE rollout ADD COLUMN turn_at INTEGER",
        "ALTER TABLE rollout ADD COLUMN canaries_open INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE rollout ADD COLUMN canaries_done INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE rollout ADD COLUMN canaries_done_at INTEGER",
        "ALTER TABLE rollout ADD COLUMN ramp_started_at INTEGER",
        "ALTER TABLE rollout ADD COLUMN completed_since_resume INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE rollout ADD COLUMN silent INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE rollout ADD COLUMN silent_since_resume INTEGER NOT NULL DEFAULT 0",
        // What changes seldom, as JSON.
        "ALTER TABLE rollout ADD COLUMN more TEXT",
        "ALTER TABLE machine ADD COLUMN hold_until INTEGER",
        "ALTER TABLE machine ADD COLUMN settings TEXT",
        "ALTER TABLE machine ADD COLUMN recent_boots TEXT",
        "ALTER TABLE machine ADD COLUMN clone TEXT",
        "ALTER TABLE machine ADD COLUMN grant_marks INTEGER",
        "DROP INDEX machine_by_place",
        """
        CREATE INDEX machine_by_place ON machine (application, machine_group, stage, grant_stage_since)
            WHERE grant_holds_place = 1
        """,
        """
        CREATE INDEX machine_by_silence ON machine (application, machine_group, last_seen_at)
            WHERE grant_holds_place = 1 AND stage = 'installed'
        """,
        "CREATE INDEX machine_by_clone ON machine (application, id) WHERE clone IS NOT NULL",
        """
        CREATE TABLE grant_meter (
            application TEXT NOT NULL, machine_group TEXT NOT NULL, meter TEXT NOT NULL,
            PRIMARY KEY (application, machine_group)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE TABLE clock (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    ]

    /// Who blocked a release, when and why, as JSON.
    private static let blocks = ["ALTER TABLE release ADD COLUMN block TEXT"]

    /// Who made a release a floor, when, why and for which channels, as JSON.
    private static let floors = [
        "ALTER TABLE release ADD COLUMN floor TEXT",
        "CREATE INDEX release_floor ON release (application, version) WHERE floor IS NOT NULL",
    ]

    /// How channels come to their releases, what waits for a second person, and why channels were moved (all as JSON).
    /// `settled_at` is what soaks count from.
    private static let channelRules = [
        "ALTER TABLE channel ADD COLUMN settled_at INTEGER",
        "ALTER TABLE channel ADD COLUMN rules TEXT",
        "ALTER TABLE channel ADD COLUMN request TEXT",
        "ALTER TABLE channel_move ADD COLUMN more TEXT",
    ]

    /// The digests of a group's secrets, as JSON, and the server's keys.
    private static let privacy = [
        "ALTER TABLE machine_group ADD COLUMN secrets TEXT",
        "CREATE INDEX machine_group_private ON machine_group (application, name) WHERE secrets IS NOT NULL",
        "CREATE TABLE server_key (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    ]

    /// Writes down what people decided against what their channel follows: until then a channel that had settled by
    /// when the release was due, and on another one, was taken as moved by hand, or as having turned the release down.
    private static let decisions = """
        UPDATE channel SET rules = json_set(
            channel.rules, '$.passedOver', json_object(
                'version', origin.version,
                'since', strftime('%Y-%m-%dT%H:%M:%S', origin.changed_at / 1000000, 'unixepoch')
                    || printf('.%06dZ', origin.changed_at % 1000000)))
        FROM channel AS origin
        WHERE origin.application = channel.application
            AND origin.name = json_extract(channel.rules, '$.follows.channel')
            AND origin.version <> channel.version
            AND COALESCE(channel.settled_at, channel.changed_at)
                >= COALESCE(origin.settled_at, origin.changed_at)
                    + COALESCE(json_extract(channel.rules, '$.follows.soakSeconds'), 0) * 1000000
        """

    /// Where a payload lies that the server does not keep, as JSON, and how many of these places are in trouble.
    private static let elsewhere = [
        "ALTER TABLE payload ADD COLUMN mirrors TEXT",
        "ALTER TABLE payload ADD COLUMN trouble_count INTEGER NOT NULL DEFAULT 0",
        // Most payloads are not in it.
        """
        CREATE INDEX payload_elsewhere ON payload (trouble_count DESC, application, version, architecture, source)
            WHERE mirrors IS NOT NULL
        """,
    ]

    private static let access = [
        """
        CREATE TABLE token (
            id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, secret_digest TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
            object TEXT NOT NULL, detail TEXT NOT NULL
        ) STRICT
        """,
    ]
}
