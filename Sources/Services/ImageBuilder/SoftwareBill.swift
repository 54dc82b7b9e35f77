internal import FoundationEssentials
internal import UpdateModel

/// One installed package.
package struct InstalledPackage: Hashable, Sendable, Codable {
    package let name: String
    package let version: String
    package let architecture: String
    /// The source package and its version; the same as the binary's where Debian says nothing.
    package let source: String
    package let supplier: String

    /// Reads the paragraphs of dpkg's status file, or of one package's control file; only what is installed counts.
    package static func parse(_ text: String) -> [InstalledPackage] {
        var packages: [InstalledPackage] = []
        var fields: [String: String] = [:]
        func end() {
            defer { fields = [:] }
            guard let name = fields["Package"], let version = fields["Version"],
                fields["Status"].map({ $0.hasSuffix(" installed") }) ?? true
            else { return }
            packages.append(
                InstalledPackage(
                    name: name, version: version, architecture: fields["Architecture"] ?? "all",
                    source: fields["Source"] ?? name, supplier: fields["Maintainer"] ?? "Debian"))
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { end() }
            guard let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "\t" else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields[String(line[..<colon])] = String(value)
        }
        end()
        return packages.sorted { $0.name < $1.name }
    }
}

/// The bill of materials of an image, as SPDX.
///
/// Source: SPDX specification 2.3, JSON serialization.
package struct SoftwareBill: Encodable {
    struct Creation: Encodable {
        let created: String
        let creators: [String]
    }

    struct Checksum: Encodable {
        let algorithm = "SHA256"
        let checksumValue: String
    }

    package struct Package: Encodable {
        package let SPDXID: String
        package let name: String
        package let versionInfo: String
        let supplier: String
        let downloadLocation = "NOASSERTION"
        let filesAnalyzed = false
        let licenseConcluded = "NOASSERTION"
        let licenseDeclared = "NOASSERTION"
        let copyrightText = "NOASSERTION"
        let sourceInfo: String?
        let externalRefs: [Reference]?
        var checksums: [Checksum]?
    }

    struct Reference: Encodable {
        let referenceCategory = "PACKAGE-MANAGER"
        let referenceType = "purl"
        let referenceLocator: String
    }

    package struct Relationship: Encodable {
        let spdxElementId: String
        let relationshipType: String
        package let relatedSpdxElement: String
    }

    let spdxVersion = "SPDX-2.3"
    let dataLicense = "CC0-1.0"
    let SPDXID = "SPDXRef-DOCUMENT"
    let name: String
    let documentNamespace: String
    let creationInfo: Creation
    package let packages: [Package]
    package let relationships: [Relationship]

    /// - Parameters:
    ///   - rootHash: makes the document's name unique.
    ///   - programs: ours, which no package brings.
    ///   - firmwarePrograms: on the ESP, from the building host.
    package init(
        name: String, version: String, rootHash: String, packages installed: [InstalledPackage], programs: [String],
        firmwarePrograms: [FirmwareProgram]
    ) {
        self.name = "\(name)-\(version)"
        documentNamespace = "https://martlet.invalid/spdx/\(name)-\(version)-\(rootHash)"
        creationInfo = Creation(created: "2023-11-14T22:13:20Z", creators: ["Tool: martlet"])
        let image = Package(
            SPDXID: "SPDXRef-Image", name: name, versionInfo: version, supplier: "NOASSERTION", sourceInfo: nil,
            externalRefs: nil)
        let debian = installed.map(Self.describe)
        let own = programs.map { program in
            Package(
                SPDXID: "SPDXRef-Program-\(Self.identifier(program))", name: program, versionInfo: version,
                supplier: "NOASSERTION", sourceInfo: "built with the image", externalRefs: nil)
        }
        let firmware = firmwarePrograms.map(Self.describe)
        packages = [image] + debian + own + firmware
        relationships =
            [
                Relationship(
                    spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: image.SPDXID)
            ]
            + (debian + own + firmware).map {
                Relationship(
                    spdxElementId: image.SPDXID, relationshipType: "CONTAINS", relatedSpdxElement: $0.SPDXID)
            }
    }

    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return Array(try encoder.encode(self)) + [0x0A]
    }

    private static func describe(_ package: InstalledPackage) -> Package {
        Package(
            SPDXID: "SPDXRef-Package-\(identifier(package.name))", name: package.name, versionInfo: package.version,
            supplier: "Organization: \(package.supplier)", sourceInfo: "built from: \(package.source)",
            externalRefs: [reference(to: package)])
    }

    private static func describe(_ program: FirmwareProgram) -> Package {
        let package = program.package
        return Package(
            SPDXID: "SPDXRef-Firmware-\(identifier(program.name))", name: program.name,
            versionInfo: package?.version ?? "NOASSERTION",
            supplier: package.map { "Organization: \($0.supplier)" } ?? "NOASSERTION",
            sourceInfo: "a file of the building host, with the digest that it had there",
            externalRefs: package.map { [reference(to: $0)] },
            checksums: [Checksum(checksumValue: program.sha256.hexadecimal)])
    }

    private static func reference(to package: InstalledPackage) -> Reference {
        let version = package.version.utf8.reduce(into: "") { text, byte in
            // A purl escapes what is neither letter, digit nor one of these.
            let isPlain = byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || (0x30...0x39).contains(byte))
            text +=
                isPlain || "-._~".utf8.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
        }
        return Reference(
            referenceLocator: "pkg:deb/debian/\(package.name)@\(version)?arch=\(package.architecture)")
    }

    /// Letters, digits, dots and dashes are all that an identifier may hold.
    private static func identifier(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "-" })
    }
}
