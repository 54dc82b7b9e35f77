import Glibc
import HostLinux

/// The system's own programs, run over images that we cut.
struct VolumeTools: Sendable {
    private enum Tool: String, CaseIterable {
        case check = "fsck.fat"
        case list = "mdir"
        case copy = "cp"

        var package: String {
            switch self {
            case .check: "dosfstools"
            case .list: "mtools"
            case .copy: "coreutils"
            }
        }
    }

    private let paths: [Tool: String]
    private let runner = CommandRunner()

    /// - Throws: ``EspProofError/missingTool(name:package:)``.
    init() throws(EspProofError) {
        var paths: [Tool: String] = [:]
        for tool in Tool.allCases {
            let candidates = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map { folder in "\(folder)/\(tool.rawValue)" }
            let found = candidates.first { path in unsafe access(path, X_OK) == 0 }
            guard let found else { throw .missingTool(name: tool.rawValue, package: tool.package) }
            paths[tool] = found
        }
        self.paths = paths
    }

    /// What `fsck.fat` has to say, a line each; empty when there is nothing but what it says of every volume that was
    /// mounted: the mark of it, in the first sector and not in its copy.
    func complaints(about path: String) async throws -> [String] {
        let result = try await run(.check, ["-n", path])
        guard result.status != 0 else { return [] }
        return result.output.split(separator: "\n").map(String.init).filter { line in
            !line.hasPrefix(path) && !Self.usual.contains { line.contains($0) } && !Self.isDifference(line)
        }
    }

    private static let usual = [
        "fsck.fat ", "Leaving filesystem unchanged", "Dirty bit is set", "Automatically removing dirty bit",
        "differences between boot sector and its backup", "This is mostly harmless", "Not automatically fixing this",
    ]

    /// Such as `  65:01/00`: place, byte, and byte in the copy.
    private static func isDifference(_ line: String) -> Bool {
        line.allSatisfy { $0.isHexDigit || " :/,".contains($0) }
    }

    /// Repairs the image as the machine does before it mounts it.
    func repair(_ path: String) async throws {
        let result = try await run(.check, ["-a", path])
        guard result.status <= 1 else {
            throw EspProofError.tool(name: "fsck.fat", status: result.status, output: result.output)
        }
    }

    /// The names in `EFI/Linux`; `nil` when mtools cannot read the image.
    func names(in path: String) async throws -> [String]? {
        let result = try await run(.list, ["-b", "-i", path, "::EFI/Linux"], ["MTOOLS_SKIP_CHECK": "1"])
        guard result.isSuccess else { return nil }
        return result.output.split(separator: "\n").filter { !$0.hasSuffix("/") }
            .compactMap { $0.split(separator: "/").last.map(String.init) }.sorted()
    }

    /// A copy in which holes stay holes.
    func copy(_ path: String, to target: String) async throws {
        let result = try await run(.copy, ["--sparse=always", path, target])
        guard result.isSuccess else {
            throw EspProofError.tool(name: "cp", status: result.status, output: result.output)
        }
    }

    private func run(
        _ tool: Tool, _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> CommandResult {
        guard let path = paths[tool] else {
            throw EspProofError.missingTool(name: tool.rawValue, package: tool.package)
        }
        return try await runner.run(path, arguments, timeLimit: .seconds(60), environment: environment)
    }
}
