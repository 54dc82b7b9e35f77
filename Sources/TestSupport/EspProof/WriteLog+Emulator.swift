extension WriteLog {
    /// QEMU's arguments for a disk whose writes are noted: the node `node` takes the place of the drive of a device.
    ///
    /// The log must be an empty file. Flushes are noted and go no further, which makes them quick; told so, the noting
    /// node would not note them. The count in the log's head is kept up with each write, so that the log of a machine
    /// that was killed can be read too.
    package static func emulatorArguments(disk: String, log: String, node: String) -> [String] {
        func quoted(_ path: String) -> String { path.replacing(",", with: ",,") }
        return [
            "-blockdev", "driver=file,node-name=\(node)-file,cache.no-flush=on,filename=\(quoted(disk))",
            "-blockdev", "driver=file,node-name=\(node)-log,cache.no-flush=on,filename=\(quoted(log))",
            "-blockdev",
            "driver=blklogwrites,node-name=\(node),file=\(node)-file,log=\(node)-log,log-sector-size=512,"
                + "log-super-update-interval=1",
        ]
    }
}
