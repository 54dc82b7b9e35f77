import FoundationEssentials

/// UEFI for a virtual machine: code that all share, and variables of its own, which live as long as the machine.
package struct Firmware: Hashable, Sendable {
    /// Read only.
    package let code: String
    /// Written by the firmware and the guest.
    package let variables: String

    private static let folder = "/usr/share/OVMF"
    /// Without Secure Boot; the sizes of code and variables belong together.
    private static let names = (code: "OVMF_CODE_4M.fd", variables: "OVMF_VARS_4M.fd")

    package init(code: String, variables: String) {
        self.code = code
        self.variables = variables
    }

    /// Debian's OVMF with fresh variables at `variables`; what was there is replaced.
    /// - Throws: ``QemuError/missing(name:package:)``.
    package static func fresh(variables: String) throws(QemuError) -> Firmware {
        let code = "\(folder)/\(names.code)"
        guard FileManager.default.isReadableFile(atPath: code),
            let template = FileManager.default.contents(atPath: "\(folder)/\(names.variables)")
        else { throw .missing(name: code, package: "ovmf") }
        guard FileManager.default.createFile(atPath: variables, contents: template) else {
            throw .diskUnreadable(path: variables, reason: "it cannot be written")
        }
        return Firmware(code: code, variables: variables)
    }
}
