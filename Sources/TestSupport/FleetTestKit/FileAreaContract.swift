package import SlotDevice

/// What every ``FileArea`` promises.
package enum FileAreaContract {
    /// Checks an empty area with room for at least 1 MiB.
    /// - Throws: ``ContractFailure`` for a broken promise.
    package static func check(_ area: any FileArea) throws {
        try require(area.names().isEmpty, "the contract needs an empty area")
        try require(area.open("vmlinuz-a") == nil, "what is not there cannot be opened")
        try area.remove("vmlinuz-a")
        try makesAndReplaces(area)
        try resizesAndKeeps(area)
        try refusesOddNames(area)
        try require(area.freeBytes() > 0, "there is room left")
    }

    private static func makesAndReplaces(_ area: any FileArea) throws {
        let old = try area.create("vmlinuz-a", sizeBytes: 3)
        try old.write([1, 2, 3], at: 0)
        try old.flush()
        let new = try area.create("vmlinuz-a.new", sizeBytes: 5)
        try require(new.sizeBytes == 5, "a new file has the size that was asked for")
        try new.write([9, 8, 7, 6, 5], at: 0)
        try new.flush()
        try require(area.names() == ["vmlinuz-a", "vmlinuz-a.new"], "files are listed by name, sorted")
        try area.rename("vmlinuz-a.new", to: "vmlinuz-a")
        try require(area.names() == ["vmlinuz-a"], "the renamed file took the other's place")
        let found = try area.open("vmlinuz-a")
        try require(found?.read(at: 0, count: 5) == [9, 8, 7, 6, 5], "the renamed file has its own content")
        try require(found?.sizeBytes == 5, "an opened file has its present size")
        try requireError("renaming what is not there fails", isFailure) { () throws(DeviceError) in
            try area.rename("missing", to: "vmlinuz-a")
        }
        try area.remove("vmlinuz-a")
        try require(area.open("vmlinuz-a") == nil, "a removed file is gone")
    }

    private static func resizesAndKeeps(_ area: any FileArea) throws {
        let small = try area.create("kernel", sizeBytes: 4)
        try small.write([1, 2, 3, 4], at: 0)
        try small.flush()
        let large = try area.create("kernel", sizeBytes: 8)
        try require(
            large.read(at: 0, count: 8) == [1, 2, 3, 4, 0, 0, 0, 0], "a file grows by zeros and keeps the rest")
        let cut = try area.create("kernel", sizeBytes: 2)
        try require(cut.read(at: 0, count: 2) == [1, 2], "a file shrinks from its end")
        try require(area.open("kernel")?.sizeBytes == 2, "the new size is the file's")
        try area.remove("kernel")
    }

    private static func refusesOddNames(_ area: any FileArea) throws {
        for name in ["", ".", "..", "a/b", "/etc/passwd", "../up", "nul\0"] {
            try requireError("“\(name)” is no name to create", isFailure) { () throws(DeviceError) in
                _ = try area.create(name, sizeBytes: 1)
            }
            try requireError("“\(name)” is no name to open", isFailure) { () throws(DeviceError) in
                _ = try area.open(name)
            }
        }
        try require(area.names().isEmpty, "a refused name leaves nothing behind")
    }

    private static func isFailure(_ error: DeviceError) -> Bool {
        if case .failed = error { true } else { false }
    }
}
