internal import ContentTrust
internal import Glibc

/// What a build is about to take from this host. It is looked at before the minutes that a build takes.
package struct BuildInputs {
    private let definition: ImageDefinition
    private let options: ReleaseBuilder.Options

    package init(_ definition: ImageDefinition, options: ReleaseBuilder.Options) {
        self.definition = definition
        self.options = options
    }

    /// - Parameter signingKeys: private keys for the update; none are needed without one.
    /// - Throws: ``ImageError``, or `KeyFileError` for what is not the key it should be.
    package func check(signingKeys: [String] = []) throws {
        for key in definition.keys { _ = try VerificationKey(contentsOfFile: key) }
        _ = try Self.keyNames(definition.keys)
        for key in signingKeys { _ = try SigningKey(contentsOfFile: key) }
        try options.secureBoot?.check()
        try requireFile(options.initPath)
        for program in definition.programs { try requireProgram(Self.path(of: program, in: options.programs)) }
        try definition.files.forEach(requireSource)
        try ReservedPaths(definition).check(definition.files)
    }

    /// The names of public keys in the image, in the order of `keys`: martletd reads none but `*.pem`.
    /// - Throws: ``ImageError/keysOfOneName(first:second:name:)``.
    static func keyNames(_ keys: [String]) throws(ImageError) -> [String] {
        var sources: [String: String] = [:]
        return try keys.map { key throws(ImageError) in
            let plain = Files.name(of: key).drop { $0 == "." }
            let name = plain.hasSuffix(".pem") ? String(plain) : plain + ".pem"
            if let first = sources.updateValue(key, forKey: name), first != key {
                throw .keysOfOneName(first: first, second: key, name: name)
            }
            return name
        }
    }

    /// - Parameter folder: where programs without a folder of their own are.
    static func path(of program: String, in folder: String) -> String {
        program.hasPrefix("/") ? program : "\(folder)/\(program)"
    }

    private func requireProgram(_ path: String) throws {
        guard Files.kindFollowingLinks(path) != nil else {
            throw ImageError.file(path: path, reason: "there is no such program; build it, or give --programs")
        }
        try requireFile(path)
        // Source: ELF specification, “ELF Identification”. Of others nothing can be stripped.
        guard try Files.beginning(of: path, count: 4) == [0x7F, 0x45, 0x4C, 0x46] else {
            throw ImageError.file(path: path, reason: "it is no compiled program; scripts belong to files")
        }
        try Files.requireAccess(to: path, R_OK | X_OK)
    }

    private func requireSource(of file: ImageDefinition.File) throws {
        guard case .source(let source) = file.content else { return }
        guard Files.kindFollowingLinks(source) == S_IFDIR else { return try requireFile(source) }
        guard file.mode == nil, file.owner == nil else {
            throw ImageError.modeOfFolder(path: file.path, source: source)
        }
        try Files.requireAccess(to: source, R_OK | X_OK)
        if file.path == "/" { try requireOpen(source) }
    }

    /// What is laid over the whole root holds programs and settings for all. Where none of it is open to anybody but its
    /// owner, nobody meant that: it was checked out under a umask of 077, and services that are not root's would fail.
    private func requireOpen(_ source: String) throws(ImageError) {
        let files = try Files.tree(source).filter { Files.kind(of: "\(source)/\($0)") == S_IFREG }
        let isOpen = files.contains { Files.permissions(of: "\(source)/\($0)") & 0o077 != 0 }
        guard !files.isEmpty, !isOpen else { return }
        throw .closedFolder(source: source)
    }

    private func requireFile(_ path: String) throws {
        try Files.requireAccess(to: path, R_OK)
        guard Files.kindFollowingLinks(path) == S_IFREG else {
            throw ImageError.file(path: path, reason: "it is no regular file")
        }
    }
}
