package import ArgumentParser

/// `martlet image`: the operating system as one signed image.
package struct ImageCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Build, run and install a bootable operating system with two slots.",
        discussion: """
            An image is made from Debian's packages and one definition file: packages, files, units, users and \
            settings. Building needs root, and neither loop devices nor device-mapper.

            EXAMPLE
              martlet key generate --output key.pem --public pub.pem
              martlet image build --version 1.0.0 --output out --key pub.pem --server http://10.0.2.2:8080/v1/update/
              martlet image run out/disk.img
              martlet image install out --to /dev/sdb
            """,
        subcommands: [ImageBuildCommand.self, ImageRunCommand.self, ImageInstallCommand.self])

    package init() {}
}
