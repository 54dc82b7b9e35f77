import UpdateModel

/// Files of the journey's images that an image for use does not have.
enum GuestTexts {
    /// Obeys the journey over the second serial port, see `AgentMessage` of QemuKit.
    static let agent = """
        #!/bin/sh
        # Obeys the journey: one script a line on the second serial port, as ID BASE64; the answer is ID STATUS BASE64.
        port=/dev/ttyS1
        stty -F $port raw -echo 115200
        exec 3<>$port
        printf '\\nhello %s\\n' "$(cat /proc/sys/kernel/random/boot_id)" >&3
        while read -r id text <&3; do
            output=$(printf %s "$text" | base64 -d 2>/dev/null | sh 2>&1 3>&-)
            status=$?
            printf '%s %s %s\\n' "$id" "$status" "$(printf %s "$output" | base64 -w 0)" >&3
        done

        """

    static let agentUnit = """
        [Unit]
        Description=Obey the boot journey
        After=martletd.service
        ConditionPathExists=/dev/ttyS1

        [Service]
        ExecStart=/usr/lib/journey/agent
        Restart=always

        [Install]
        WantedBy=multi-user.target

        """

    /// What a release writes, an older one must find after a fall-back.
    static let mark = """
        #!/bin/sh
        # Leaves this release's name where a release may write, for an older one to find.
        . /usr/lib/os-release
        mkdir -p /etc/journey /var/lib/journey
        echo "$VERSION_ID" >"/etc/journey/$VERSION_ID"
        echo "$VERSION_ID" >"/var/lib/journey/$VERSION_ID"
        sync -f /etc/journey

        """

    static let markUnit = """
        [Unit]
        Description=Leave this release's mark
        After=local-fs.target
        Before=martletd.service

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/usr/lib/journey/mark

        [Install]
        WantedBy=multi-user.target

        """

    /// Everything as on a real machine, only in a hurry. The server is named later, in `update.conf`.
    static let settings = """
        [server]
        url = "disabled"
        track = "stable"

        [slots]
        control = "systemd-boot"
        tries = 2

        [schedule]
        initial-delay = 1
        interval = 3
        jitter = 0
        interval-max = 6

        [health]
        target = "boot-complete.target"
        settle = 0
        limit = 120

        """

    /// In 5.0.0 alone.
    static let endlessTest = """
        #!/bin/sh
        exec sleep 100000

        """

    /// A check of 3.1.0 alone.
    static let failingCheck = """
        #!/bin/sh
        echo "\(StoryRelease.complaint)"
        exit 1

        """
}
