import FleetDemo
import FoundationEssentials
import Testing

/// A folder that is gone when the test is over.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = "/tmp/martlet-demo-test-\(UUID().uuidString.prefix(8).lowercased())"
    try Folder.make(path)
    defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover in /tmp fails no test.
    return try await body(path)
}
