package import ArgumentParser

/// `martlet payload`: everything about payload files, without a server.
package struct PayloadCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "payload",
        abstract: "Make, look into, verify and apply update payloads.",
        discussion: """
            A payload is a signed file that turns a slot into a release. Format 2 is Martlet's own default; format 1 is \
            what CoreOS and Flatcar machines read.

            EXAMPLE
              martlet key generate --output key.pem --public pub.pem
              martlet payload create --target new.img --output new.crau --key key.pem
              martlet payload verify new.crau --key pub.pem
              martlet payload apply new.crau --target out.img --key pub.pem
            """,
        subcommands: [
            PayloadCreateCommand.self, PayloadPlanCommand.self, PayloadInspectCommand.self, PayloadVerifyCommand.self,
            PayloadApplyCommand.self, PayloadHashCommand.self, PayloadAttachCommand.self,
        ])

    package init() {}
}
