import FleetAPI
import FoundationEssentials
import HostLinux
import PartitionTable
import UpdateModel

/// What is looked at from outside, past every program: the disks, and the page.
extension Cast {
    /// Reads each machine's disk and compares it with what was built, with what the boot loader will do, and with what
    /// the server believes.
    ///
    /// - Parameter failed: the release that some machines have tried in vain.
    func proveDisks(_ name: String, failed: Release?) async throws {
        try await stage.chronicle.step(name) {
            for view in await fleet.views() {
                try proveDisk(view, failed: failed)
                await Task.yield()
            }
            let good = releases.good.version
            try await waitForServer("the server believes that all run \(good)") {
                "\(try await fleetOperator.machines().map { "\($0.alias ?? "?") \($0.version)" })"
            } until: {
                try await fleetOperator.machines().allSatisfy { $0.version == good }
            }
            return ((), "partition tables, images and kernels read back and hashed")
        }
    }

    private func proveDisk(_ view: MachineView, failed: Release?) throws {
        let disk = MachineDisk(path: view.card.disk)
        let running = view.slot ?? .a
        try proveSlot(running, of: view, disk, holds: releases.good)
        let good = try disk.entry(of: running).attributes
        let other = try disk.entry(of: running.other).attributes
        try check(
            good.isSuccessful && good.priority > other.priority,
            "\(view.card.alias) to boot slot \(running) next", seen: "\(good.rawValue) against \(other.rawValue)")
        guard let failed, view.hasBegun(failed.version) else {
            return try proveSlot(running.other, of: view, disk, holds: releases.first)
        }
        try check(
            other.priority == 0 || (other.triesLeft == 0 && !other.isSuccessful),
            "slot \(running.other) of \(view.card.alias) not to boot", seen: "attributes \(other.rawValue)")
    }

    private func proveSlot(_ slot: Slot, of view: MachineView, _ disk: MachineDisk, holds release: Release) throws {
        let image = release.image
        let digest = try disk.digest(of: slot, byteCount: image.imageBytes)
        try check(
            digest == image.imageDigest, "slot \(slot) of \(view.card.alias) to hold the image of \(release.version)",
            seen: "SHA-256 \(digest)", log: view.card.log)
        let kernel = try FileBlockDevice(path: "\(view.card.bootFiles)/vmlinuz-\(slot)", access: .readOnly)
        let kernelDigest = try FileDigest.sha256(of: kernel, byteCount: kernel.sizeBytes)
        try check(
            kernelDigest == image.kernelDigest, "vmlinuz-\(slot) of \(view.card.alias) to be \(release.version)’s",
            seen: "SHA-256 \(kernelDigest)", log: view.card.log)
    }

    /// The page at the server's root names the machines.
    func pageIsTrue(_ url: String) async throws {
        try await stage.chronicle.step("The page at \(url)/ shows channels, groups and machines") {
            let port = url.split(separator: ":").last.flatMap { UInt16($0) } ?? 80
            let token = String(decoding: try Folder.bytes(stage.paths.viewerToken), as: UTF8.self)
                .prefix { !$0.isNewline }
            let request =
                "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n"
            let answer = await LocalSocket.exchange(Array(request.utf8), with: .port(port), until: .connectionClosed)
            let text = String(decoding: answer ?? [], as: UTF8.self)
            let head = text.prefix { !$0.isNewline }
            try check(head.contains(" 200 "), "an answer with status 200", seen: answer == nil ? "none" : "\(head)")
            let names = ["alpha", "beta", "stable"] + (await fleet.views().prefix(20).map(\.card.alias))
            let missing = names.filter { !text.contains($0) }
            try check(missing.isEmpty, "every name on the page", seen: "without \(missing.joined(separator: ", "))")
            return ((), nil)
        }
    }
}
