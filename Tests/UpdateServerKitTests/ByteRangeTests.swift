import Testing
import UpdateServerKit

@Suite("Byte ranges")
struct ByteRangeTests {
    /// What a header means for a file of 1000 bytes.
    static let table: [(String?, ByteRange)] = [
        (nil, .whole),
        ("bytes=0-0", .part(0..<1)),
        ("bytes=0-999", .part(0..<1000)),
        ("bytes=0-1000", .part(0..<1000)),
        ("bytes=500-", .part(500..<1000)),
        ("bytes=999-", .part(999..<1000)),
        ("bytes=-1", .part(999..<1000)),
        ("bytes=-1000", .part(0..<1000)),
        ("bytes=-5000", .part(0..<1000)),
        ("BYTES=1-2", .part(1..<3)),
        ("bytes = 1 - 2", .part(1..<3)),
        ("bytes=0-18446744073709551615", .part(0..<1000)),
        ("bytes=0-99999999999999999999999", .part(0..<1000)),
        ("bytes=1000-", .unsatisfiable),
        ("bytes=1000-1001", .unsatisfiable),
        ("bytes=99999999999999999999999-", .unsatisfiable),
        ("bytes=-0", .unsatisfiable),
        ("bytes=2-1", .whole),
        ("bytes=0-1,5-6", .whole),
        ("bytes=", .whole),
        ("bytes=-", .whole),
        ("bytes=a-b", .whole),
        ("bytes=--1", .whole),
        ("bytes=1-2-3", .whole),
        ("bytes=+1-2", .whole),
        ("lines=1-2", .whole),
        ("1-2", .whole),
        ("", .whole),
    ]

    @Test("a range header means what RFC 9110 says", arguments: table)
    func rangeOfThousandBytes(header: String?, expected: ByteRange) {
        #expect(ByteRange(header: header, size: 1000) == expected)
    }

    @Test("an empty file satisfies no range", arguments: ["bytes=0-", "bytes=0-0", "bytes=-1"])
    func emptyFile(header: String) {
        #expect(ByteRange(header: header, size: 0) == .unsatisfiable)
    }
}
