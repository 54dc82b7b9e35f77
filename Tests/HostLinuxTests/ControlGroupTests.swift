import FoundationEssentials
import HostLinux
import Testing

@Suite("The limits of a control group")
struct ControlGroupTests {
    /// A root whose process lives in `/system.slice/engine.service`.
    private func withRoot(
        limits: [String: String], group: String = "0::/system.slice/engine.service\n", _ body: (ControlGroup) -> Void
    ) async throws {
        try await withTemporaryFolder { root in
            try write(group, to: "\(root)/proc/self", "cgroup")
            for (group, text) in limits { try write(text, to: "\(root)/sys/fs/cgroup\(group)", "io.max") }
            body(ControlGroup(root: root))
        }
    }

    private func write(_ text: String, to folder: String, _ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    @Test("the tightest of its own and those above it counts, for that disk only")
    func tightest() async throws {
        let own = "8:0 rbps=max wbps=100 riops=max wiops=max\n254:0 rbps=5 wbps=3000000 riops=max wiops=max\n"
        let limits = [
            "/system.slice/engine.service": own, "/system.slice": "254:0 rbps=max wbps=2000000 riops=max wiops=max\n",
            "": "254:16 rbps=max wbps=7 riops=max wiops=max\n",
        ]
        try await withRoot(limits: limits) { group in
            #expect(group.writeBytesPerSecond(to: "254:0") == 2_000_000)
            #expect(group.writeBytesPerSecond(to: "8:0") == 100)
            #expect(group.writeBytesPerSecond(to: "254:1") == nil)
        }
    }

    @Test(
        "no limit, no file and nonsense are no limit",
        arguments: ["", "254:0 rbps=1 wbps=max\n", "254:0 wbps=-4\n", "254:0 wbps=0\n", "254:0\n", "\u{0}\n\n wbps=5"])
    func none(text: String) async throws {
        try await withRoot(limits: ["/system.slice/engine.service": text]) { group in
            #expect(group.writeBytesPerSecond(to: "254:0") == nil)
        }
        try await withRoot(limits: [:], group: "12:cpu:/\n1:name=systemd:/init.scope\n") { group in
            #expect(group.writeBytesPerSecond(to: "254:0") == nil)
        }
    }

    @Test("on this machine it can be asked, for a directory that is there and one that is not")
    func here() {
        _ = ControlGroup().writeBytesPerSecond(below: "/")
        #expect(ControlGroup().writeBytesPerSecond(below: "/no/such/directory") == nil)
    }
}
