public import UpdateModel

/// Reads payloads that lie elsewhere. `HTTPRemoteFiles` does it on the web, ``MemoryRemoteFiles`` in tests.
public protocol RemoteFiles: Sendable {
    /// Reads a file once, from its first byte to its last, in pieces: it is never kept whole in memory.
    /// - Parameter body: gets what the answer says of the file, and a function that gives the next bytes, `nil` at the
    ///   end.
    /// - Throws: ``RemoteFileError`` before `body` and out of its function; whatever `body` throws.
    func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, _ nextChunk: () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result

    /// Asks what a file is, without reading it.
    /// - Parameter size: bytes that it should have. A server that says so at once is asked nothing more.
    func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile
}

/// What another server says of a file.
public struct RemoteFile: Hashable, Sendable {
    /// Bytes; `nil` where it does not say.
    public let size: UInt64?
    /// Names this state of the file: its `ETag`, else its `Last-Modified`; `nil` where it has neither.
    public let mark: String?

    public init(size: UInt64?, mark: String?) {
        self.size = size
        self.mark = mark
    }
}

/// Why a file elsewhere could not be had.
public enum RemoteFileError: Error, Hashable {
    /// `reason` follows a colon.
    case unavailable(PayloadURL, reason: String)
    /// It leads to an address from which this server fetches nothing. To which one is not told: who names a URL may not
    /// look around in the server's network.
    case forbidden(PayloadURL)
    /// This server had too much to do to ask: that says nothing of the file.
    case notAsked(PayloadURL)
    /// This server fetches nothing at all.
    case disabled
}

extension RemoteFileError: UserFacingError, CustomStringConvertible {
    public var userMessage: UserMessage {
        switch self {
        case .unavailable(let url, let reason):
            UserMessage(
                "The payload at \(url) cannot be had: \(reason).", hint: "Is the address right?", exit: .unavailable)
        case .forbidden(let url):
            UserMessage(
                "\(url) leads to no address of the public Internet: nothing is fetched from there.",
                hint: "“martlet-server serve --fetch-from” allows networks by name; the server's log has the address.",
                exit: .notPermitted)
        case .notAsked(let url):
            UserMessage(
                "Too many names are being looked up to ask for \(url).", hint: "Try again in a minute.",
                exit: .tryLater)
        case .disabled:
            UserMessage("This server fetches no payloads.", hint: "Upload it.", exit: .unavailable)
        }
    }

    public var description: String { userMessage.text }
}

/// For servers that fetch nothing.
public struct NoRemoteFiles: RemoteFiles {
    public init() {}

    public func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result { throw RemoteFileError.disabled }

    public func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile {
        throw .disabled
    }
}
