import ContentTrust
import FoundationEssentials
import Testing
import UpdateModel

@Suite struct TrustedKeysTests {
    static let old = try? SigningKey.generate(.bits2048)
    static let new = try? SigningKey.generate(.bits2048)
    let old: SigningKey
    let new: SigningKey
    let digest = StreamDigest.digest(of: [1, 2, 3])

    init() throws {
        old = try #require(Self.old)
        new = try #require(Self.new)
    }

    @Test("rotation by overlap: while both keys are trusted, either signature is enough")
    func rotation() throws {
        let (byOld, byNew) = (try old.sign(digest), try new.sign(digest))
        let onlyOld = TrustedKeys(keys: [old.verificationKey])
        let onlyNew = TrustedKeys(keys: [new.verificationKey])
        let both = TrustedKeys(keys: [old.verificationKey, new.verificationKey])

        for keys in [onlyOld, both] {
            #expect(keys.keyVerifying(anyOf: [byOld], digest: digest) == old.verificationKey)
        }
        for keys in [onlyNew, both] {
            #expect(keys.keyVerifying(anyOf: [byNew], digest: digest) == new.verificationKey)
        }
        for keys in [onlyOld, onlyNew, both] {
            #expect(keys.keyVerifying(anyOf: [byOld, byNew], digest: digest) != nil)
            #expect(keys.keyVerifying(anyOf: [byNew, byOld], digest: digest) != nil)
        }
        #expect(onlyOld.keyVerifying(anyOf: [byNew], digest: digest) == nil)
        #expect(onlyNew.keyVerifying(anyOf: [byOld], digest: digest) == nil)
    }

    @Test("no key and no signature never verify")
    func emptySets() throws {
        let signature = try old.sign(digest)
        #expect(TrustedKeys(keys: []).isEmpty)
        #expect(TrustedKeys(keys: []).keyVerifying(anyOf: [signature], digest: digest) == nil)
        let keys = TrustedKeys(keys: [old.verificationKey])
        #expect(keys.keyVerifying(anyOf: [], digest: digest) == nil)
        #expect(keys.keyVerifying(anyOf: [[], signature.dropLast()], digest: digest) == nil)
        #expect(keys.keyVerifying(anyOf: [signature], digest: StreamDigest.digest(of: [])) == nil)
    }

    @Test("a directory gives all its *.pem in order of name, and nothing else; files may be added")
    func directory() throws {
        try withTemporaryDirectory { directory in
            try write(new.verificationKey.pem, "b.pem", directory)
            try write(old.verificationKey.pem, "a.pem", directory)
            try write("not a key", "README", directory)
            try write("not a key", ".hidden.pem", directory)
            let wanted = [old.verificationKey, new.verificationKey]
            #expect(try TrustedKeys(paths: [directory.path]).keys == wanted)
            #expect(try TrustedKeys(paths: [directory.path + "/"]).keys == wanted)
            #expect(try TrustedKeys(paths: [directory.path, directory.path + "/b.pem"]).keys == wanted)
            let file = Vectors.path("test_key.pub.pem")
            #expect(try TrustedKeys(paths: [directory.path, file]).keys.count == 3)
            #expect(try TrustedKeys(paths: []).isEmpty)
        }
    }

    @Test("a bad file of a directory is left out and told; one that is named is an error")
    func badFile() throws {
        try withTemporaryDirectory { directory in
            try write(old.verificationKey.pem, "a.pem", directory)
            try write(old.privatePEM, "b.pem", directory)
            let path = directory.path + "/b.pem"
            let stray = KeyFileError.invalid(path: path, .privateKey)
            let keys = try TrustedKeys(paths: [directory.path])
            #expect(keys.keys == [old.verificationKey])
            #expect(keys.skippedFiles == [stray])
            #expect(throws: stray) { try TrustedKeys(paths: [directory.path, path]) }
            try write("junk", "b.pem", directory)
            #expect(try TrustedKeys(paths: [directory.path]).skippedFiles == [.invalid(path: path, .notPEM)])
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(try TrustedKeys(paths: [directory.path]).skippedFiles == [.notAFile(path: path)])
        }
    }

    @Test("a directory without one good key is an error that names the first bad file")
    func noGoodKey() throws {
        try withTemporaryDirectory { directory in
            try write("junk", "b.pem", directory)
            try write("junk", "a.pem", directory)
            let expected = KeyFileError.invalid(path: directory.path + "/a.pem", .notPEM)
            #expect(throws: expected) { try TrustedKeys(paths: [directory.path]) }
        }
    }

    @Test("a missing path, an empty directory, a device and a huge file are errors")
    func badPaths() throws {
        try withTemporaryDirectory { directory in
            let missing = directory.path + "/none"
            #expect(throws: KeyFileError.missing(path: missing)) { try TrustedKeys(paths: [missing]) }
            #expect(throws: KeyFileError.noKeys(path: directory.path)) { try TrustedKeys(paths: [directory.path]) }
            #expect(throws: KeyFileError.notAFile(path: "/dev/zero")) { try TrustedKeys(paths: ["/dev/zero"]) }
            let pem = old.verificationKey.pem
            try write(pem + String(repeating: "\n", count: 65_536 - pem.utf8.count), "large.pem", directory)
            #expect(try TrustedKeys(paths: [directory.path]).keys == [old.verificationKey])
            try write(pem + String(repeating: "\n", count: 65_537 - pem.utf8.count), "large.pem", directory)
            #expect(throws: KeyFileError.tooLarge(path: directory.path + "/large.pem", limitBytes: 65_536)) {
                try TrustedKeys(paths: [directory.path])
            }
        }
    }

    @Test("more than 64 keys are an error")
    func tooMany() throws {
        try withTemporaryDirectory { directory in
            for number in 0..<64 { try write(old.verificationKey.pem, "\(number).pem", directory) }
            #expect(try TrustedKeys(paths: [directory.path]).keys.count == 1)
            try write(old.verificationKey.pem, "64.pem", directory)
            #expect(throws: KeyFileError.tooManyKeys(limit: 64)) { try TrustedKeys(paths: [directory.path]) }
        }
    }

    private func write(_ text: String, _ name: String, _ directory: URL) throws {
        try Data(text.utf8).write(to: directory.appending(path: name))
    }
}
