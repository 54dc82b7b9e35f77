import CExpat

/// Reads one XML document with expat, a piece at a time, into a tree.
///
/// This file's whole job is to make the C library safe to use: pointers that it passes are read during the call and
/// never kept; the parser is freed with its owner; and the first refusal stops it for good. A document type is refused
/// at its first word, so no entity is ever declared or expanded. Processing instructions and comments are passed over.
/// Names are taken as written: namespaces mean nothing here. Text is UTF-8, whatever the document says of itself.
@safe final class ExpatParser {
    /// expat scans an unfinished token again with each piece, so pieces are not too small; the document as a whole has
    /// been bounded before the first one.
    private static let pieceByteCount = 16 * 1024

    private let parser: XML_Parser
    private let limits: XMLLimits
    private var builder: XMLTreeBuilder
    private var refusal: OmahaParseError?

    /// Reads `bytes`, which must hold one whole document.
    static func read(_ bytes: some Collection<UInt8>, limits: XMLLimits) throws(OmahaParseError) -> XMLElement {
        guard bytes.count <= limits.documentBytes else { throw .tooLarge(limitBytes: limits.documentBytes) }
        guard !bytes.isEmpty else { throw .empty }
        return try ExpatParser(limits: limits).parse(Array(bytes))
    }

    private init(limits: XMLLimits) throws(OmahaParseError) {
        guard let parser = unsafe XML_ParserCreate("UTF-8") else { throw .noMemory }
        unsafe self.parser = parser
        self.limits = limits
        self.builder = XMLTreeBuilder(limits: limits)
        installHandlers()
    }

    deinit { unsafe XML_ParserFree(parser) }

    private func parse(_ bytes: [UInt8]) throws(OmahaParseError) -> XMLElement {
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + Self.pieceByteCount, bytes.count)
            guard feed(bytes[offset..<end], isLast: end == bytes.count) else { throw failure() }
            offset = end
        }
        guard let root = builder.root else { throw failure() }
        return root
    }

    /// Whether expat took the piece and nothing in it was refused.
    private func feed(_ piece: ArraySlice<UInt8>, isLast: Bool) -> Bool {
        // The handlers reach this object through a pointer that does not keep it alive.
        let status = withExtendedLifetime(self) {
            unsafe piece.withUnsafeBytes { buffer in
                // A piece has at most 16 KiB: the conversion cannot trap.
                unsafe XML_Parse(
                    parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count),
                    isLast ? 1 : 0)
            }
        }
        return status == XML_STATUS_OK && refusal == nil
    }

    private func failure() -> OmahaParseError {
        if let refusal { return refusal }
        let code = unsafe XML_GetErrorCode(parser)
        if code == XML_ERROR_NO_MEMORY { return .noMemory }
        let reason = unsafe XML_ErrorString(code).map { unsafe String(cString: $0) } ?? "unknown"
        return .notWellFormed(
            line: Int(clamping: unsafe XML_GetCurrentLineNumber(parser)),
            column: Int(clamping: unsafe XML_GetCurrentColumnNumber(parser)), reason: reason)
    }
}

extension ExpatParser {
    private func installHandlers() {
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { unsafe ExpatParser.from($0)?.start($1, attributes: $2) },
            { context, _ in unsafe ExpatParser.from(context)?.end() })
        unsafe XML_SetCharacterDataHandler(parser) { unsafe ExpatParser.from($0)?.append($1, count: $2) }
        unsafe XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            unsafe ExpatParser.from(context)?.refuse(.doctypeRefused)
        }
        unsafe XML_SetEntityDeclHandler(parser) { context, _, _, _, _, _, _, _, _ in
            unsafe ExpatParser.from(context)?.refuse(.doctypeRefused)
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> ExpatParser? {
        unsafe context.map { unsafe Unmanaged<ExpatParser>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Keeps the first refusal; expat ends its current call and takes no further piece.
    private func refuse(_ error: OmahaParseError) {
        guard refusal == nil else { return }
        refusal = error
        _ = unsafe XML_StopParser(parser, 0)
    }

    /// - Parameter attributes: names and values in turn, ended by a null pointer.
    private func start(_ name: UnsafePointer<CChar>?, attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard refusal == nil, let name = unsafe name, let attributes = unsafe attributes else { return }
        let element = unsafe String(cString: name)
        var pairs: [(name: String, value: String)] = []
        var index = 0
        while let name = unsafe attributes[index], let value = unsafe attributes[index + 1] {
            guard pairs.count < limits.attributesPerElement else {
                return refuse(.tooManyAttributes(element: element, limit: limits.attributesPerElement))
            }
            unsafe pairs.append((String(cString: name), String(cString: value)))
            index += 2
        }
        do throws(OmahaParseError) { try builder.start(element, attributes: pairs) } catch { refuse(error) }
    }

    private func end() {
        guard refusal == nil else { return }
        builder.end()
    }

    private func append(_ text: UnsafePointer<CChar>?, count: Int32) {
        guard refusal == nil, let text = unsafe text, count > 0 else { return }
        let bytes = unsafe UnsafeRawBufferPointer(start: text, count: Int(count))
        let piece = unsafe String(decoding: bytes, as: UTF8.self)
        do throws(OmahaParseError) { try builder.append(piece) } catch { refuse(error) }
    }
}
