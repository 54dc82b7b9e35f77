import FleetDemo
import FoundationEssentials
import Testing

@Suite("Files of this host")
struct HostFilesTests {
    @Test("make an image of some size, each file once")
    func found() throws {
        let files = try HostFiles.find()
        #expect(files.programs["sh"] != nil)
        #expect(files.libraries.allSatisfy { FileManager.default.isReadableFile(atPath: $0) })
        #expect(Set(files.libraries.map(Folder.lastName)).count == files.libraries.count)
    }
}
