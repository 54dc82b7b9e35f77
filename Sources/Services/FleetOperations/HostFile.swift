internal import Glibc

/// Small files of the system.
enum HostFile {
    /// `nil` where the file cannot be read or has more bytes than that.
    static func read(_ path: String, byteCountMax: Int) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            // The pointer is the buffer's own, and valid during the call.
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            if bytes.count > byteCountMax { return nil }
        }
    }
}
