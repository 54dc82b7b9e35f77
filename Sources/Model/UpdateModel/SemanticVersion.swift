/// The parts of a version that order it.
///
/// Source: Semantic Versioning 2.0.0, clauses 2, 9, 10 and 11.
public struct SemanticVersion: Hashable, Sendable {
    public let major: UInt64
    public let minor: UInt64
    public let patch: UInt64
    /// The dot-separated identifiers after `-`; empty for a normal release.
    public let prerelease: [String]

    /// Parses `text`; `nil` where it breaks the grammar.
    public init?(_ text: String) {
        let withoutBuild = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        if withoutBuild.count == 2, !Self.areIdentifiers(withoutBuild[1], numericMayLeadWithZero: true) { return nil }
        let parts = withoutBuild[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(Self.number)
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        if parts.count == 2 {
            guard Self.areIdentifiers(parts[1], numericMayLeadWithZero: false) else { return nil }
            prerelease = parts[1].split(separator: ".").map(String.init)
        } else {
            prerelease = []
        }
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit), text == "0" || text.first != "0" else { return nil }
        return UInt64(text)
    }

    private static func areIdentifiers(_ text: Substring, numericMayLeadWithZero: Bool) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { identifier in
            guard !identifier.isEmpty, identifier.utf8.allSatisfy(isIdentifierByte) else { return false }
            let isNumeric = identifier.utf8.allSatisfy(isDigit)
            return numericMayLeadWithZero || !isNumeric || identifier == "0" || identifier.first != "0"
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isIdentifierByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
    }
}

extension SemanticVersion: Comparable {
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let leftCore = (left.major, left.minor, left.patch)
        let rightCore = (right.major, right.minor, right.patch)
        if leftCore != rightCore { return leftCore < rightCore }
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (mine, theirs) in zip(left.prerelease, right.prerelease) where mine != theirs {
            return precedes(mine, theirs)
        }
        return left.prerelease.count < right.prerelease.count
    }

    /// Numbers order as numbers and before words; words order by their ASCII bytes.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let leftIsNumber = left.utf8.allSatisfy(isDigit)
        let rightIsNumber = right.utf8.allSatisfy(isDigit)
        if leftIsNumber != rightIsNumber { return leftIsNumber }
        if leftIsNumber, left.utf8.count != right.utf8.count { return left.utf8.count < right.utf8.count }
        return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
