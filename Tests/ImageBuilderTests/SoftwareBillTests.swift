import ContentTrust
import FoundationEssentials
import ImageBuilder
import Testing

@Suite struct SoftwareBillTests {
    private let status = """
        Package: zlib1g
        Status: install ok installed
        Maintainer: Mark Brown <broonie@debian.org>
        Architecture: amd64
        Source: zlib
        Version: 1:1.2.13.dfsg-1
        Description: compression library
         Package: not-a-field

        Package: gone
        Status: deinstall ok config-files
        Version: 1

        Package: apt-like
        Status: install ok installed
        Architecture: all
        Version: 2~b+c
        """

    @Test("Only installed packages count, in the order of their names")
    func installed() {
        let packages = InstalledPackage.parse(status)
        #expect(packages.map(\.name) == ["apt-like", "zlib1g"])
        #expect(packages[1].version == "1:1.2.13.dfsg-1" && packages[1].source == "zlib")
        #expect(packages[0].source == "apt-like")
    }

    @Test("The bill has one package for each, all contained in the image, under valid identifiers")
    func bill() throws {
        let bill = SoftwareBill(
            name: "os", version: "1.0.0", rootHash: "ab", packages: InstalledPackage.parse(status),
            programs: ["martletd"], firmwarePrograms: [])
        #expect(bill.packages.count == 4 && bill.relationships.count == 4)
        let identifiers = Set(bill.packages.map(\.SPDXID))
        #expect(identifiers.count == 4)
        #expect(bill.relationships.allSatisfy { identifiers.contains($0.relatedSpdxElement) })
        let text = String(decoding: try bill.json(), as: UTF8.self)
        #expect(text.contains("pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64"))
        #expect(text.contains("pkg:deb/debian/apt-like@2~b%2Bc?arch=all"))
        #expect(text.contains("\"SPDX-2.3\""))
    }

    @Test("Loader and stub are in it with version and digest; a host that does not know the version says so")
    func firmware() throws {
        let digest = StreamDigest.digest(of: [1])
        let known = try #require(InstalledPackage.parse(status).first)
        let bill = SoftwareBill(
            name: "os", version: "1.0.0", rootHash: "ab", packages: [], programs: [],
            firmwarePrograms: [
                FirmwareProgram(name: "systemd-boot", sha256: digest, package: known),
                FirmwareProgram(name: "systemd-stub", sha256: digest, package: nil),
            ])
        let versions = Dictionary(uniqueKeysWithValues: bill.packages.map { ($0.name, $0.versionInfo) })
        #expect(versions == ["os": "1.0.0", "systemd-boot": "2~b+c", "systemd-stub": "NOASSERTION"])
        #expect(bill.relationships.filter { $0.relatedSpdxElement.hasPrefix("SPDXRef-Firmware-") }.count == 2)
        let text = String(decoding: try bill.json(), as: UTF8.self)
        #expect(text.contains("\"checksumValue\" : \"\(digest)\""))
        #expect(text.contains("pkg:deb/debian/apt-like@2~b%2Bc?arch=all"))
    }
}
