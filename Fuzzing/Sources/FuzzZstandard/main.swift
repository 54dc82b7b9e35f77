import CompressionCodecs
import FuzzDriver
import Glibc
import UpdateModel

// Takes the input as limits, a prefix and a zstd frame. Reading it may not crash or give more than allowed, and gives the
// same whichever way it is read.
exit(
    fuzz { bytes in
        guard bytes.count > 4 else { return }
        let limit = UInt64(bytes[0]) << 8 | UInt64(bytes[1])
        let prefixCount = min(Int(bytes[2]) << 2, bytes.count - 4)
        let prefixBytes = bytes[4..<4 + prefixCount]
        let frame = bytes[(4 + prefixCount)...]
        let prefix = ZstandardPrefix(prefixBytes)
        let isPrefixed = bytes[3] & 1 == 1

        let whole = try? Zstandard.decompress(frame, outputLimit: limit, prefix: isPrefixed ? prefix : nil)
        let pieces = read(frame, limit: limit, prefix: isPrefixed ? prefix : nil)
        precondition(whole == nil || UInt64(whole?.count ?? 0) <= limit, "More came out than allowed.")
        // A window beyond the limit is refused only where it would have to be held.
        if let pieces { precondition(whole == pieces, "Both ways give the same.") }

        guard isPrefixed else { return }
        let workspace = ZstandardWorkspace()
        var rest = prefixBytes
        workspace.setPrefix(byteCount: prefixCount, keptByteCount: 0, contentLimit: Int(limit)) { missing in
            defer { rest = rest.dropFirst(min(missing, 100)) }
            return rest.prefix(min(missing, 100))
        }
        guard let made = try? workspace.decompress(frame, outputLimit: Int(limit)) else { return }
        precondition(workspace.content(0..<made) == whole, "The workspace gives the same.")
    })

private func read(_ frame: ArraySlice<UInt8>, limit: UInt64, prefix: ZstandardPrefix?) -> [UInt8]? {
    guard
        let reader = try? DecompressionReader(
            .zstd, frame, outputLimit: limit, memoryLimit: 1 << 20, prefix: prefix)
    else { return nil }
    var output: [UInt8] = []
    do throws(CodecError) {
        while let piece = try reader.next() { output += piece }
        return output
    } catch {
        _ = error.userMessage.line
        return nil
    }
}
