import UpdateModel

/// The text files that the demo puts into an image, beside the programs and modules of others.
package enum ImageTexts {
    /// Path below the image's root (the `/usr` of the machine), and text.
    package static func files(_ plan: ReleasePlan) -> [(path: String, text: String)] {
        [
            ("share/flatcar/release", release(plan.version)),
            ("lib/os-release", operatingSystem(plan.version)),
            ("lib/greeter/service.conf", "# The release's web service.\nSERVICE_HOME=\(plan.serviceHome)\n"),
            ("lib/greeter/httpd.conf", "A:*\nI:index.html\n"),
            ("\(ReleasePlan.pageFolder)/index.html", "<h1>Greetings from \(plan.version)</h1>\n"),
        ]
    }

    package static let healthFolder = "lib/martlet/health.d"
    package static let manifest = "lib/martlet/manifest.sha256"

    /// Health checks: path below the image's root, and text.
    package static let healthChecks = [("\(healthFolder)/10-files", filesCheck), ("\(healthFolder)/20-web", webCheck)]

    private static func release(_ version: Version) -> String {
        """
        FLATCAR_RELEASE_VERSION=\(version)
        FLATCAR_RELEASE_BOARD=\(HostArchitecture.model)-usr
        FLATCAR_RELEASE_APPID=\(ApplicationID.flatcar)

        """
    }

    private static func operatingSystem(_ version: Version) -> String {
        """
        NAME="Martlet Demo"
        ID=martlet-demo
        VERSION_ID=\(version)
        PRETTY_NAME="Martlet Demo \(version)"

        """
    }

    /// Both checks run in the image's own shell with the image's own tools: what does not work there fails here.
    private static let preamble = """
        #!/bin/sh
        usr=$(cd "$(dirname "$0")/../../.." && pwd) || exit 1
        [ -n "$OWN_SHELL" ] || OWN_SHELL=1 exec "$usr/bin/sh" "$0"
        cd "$usr" || exit 1

        """

    /// Compares every file of the release with the digest that it was built with.
    private static let filesCheck =
        preamble + """
            report=$(bin/sha256sum -c \(manifest) 2>&1) && exit 0
            echo "files of the release are damaged: $(echo "$report" | bin/grep FAILED | bin/head -n 1)"
            exit 1

            """

    /// Starts the release's web service for one request, as inetd would, and wants its page.
    private static let webCheck =
        preamble + """
            . lib/greeter/service.conf
            version=$(bin/grep VERSION_ID= lib/os-release)
            if [ -e bin/httpd ]; then
                answer=$(printf 'GET / HTTP/1.0\\r\\n\\r\\n' | bin/httpd -i -h "$SERVICE_HOME" -c "$usr/lib/greeter/httpd.conf" 2>&1)
            else
                answer=$(bin/cat "$SERVICE_HOME/index.html" 2>&1)
            fi
            case "$answer" in
                *"Greetings from ${version#*=}"*) exit 0 ;;
            esac
            echo "the web service shows no page: $(echo "$answer" | bin/head -n 1)"
            exit 1

            """
}
