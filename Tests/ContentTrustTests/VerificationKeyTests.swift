import ContentTrust
import Testing
import UpdateModel

@Suite struct VerificationKeyTests {
    let key: VerificationKey
    let digest: SHA256Digest
    let signature: [UInt8]

    init() throws {
        key = try VerificationKey(contentsOfFile: Vectors.path("rsa2048.public.pem"))
        digest = StreamDigest.digest(of: try Vectors.bytes("message.txt"))
        signature = try Vectors.bytes("message.signature")
    }

    @Test("a signature made by openssl verifies")
    func foreignSignature() {
        #expect(key.verifies(signature: signature, of: digest))
        #expect(key.bitCount == 2048)
        #expect(key.modulusByteCount == 256)
    }

    @Test("the two signatures of a payload made by delta_generator verify, each with its own key")
    func payloadSignatures() throws {
        let digest = try #require(SHA256Digest(bytes: try Vectors.bytes("full-kernel-2sig.hash")))
        let keys = try ["test_key.pub.pem", "test_key2.pub.pem"].map { try VerificationKey(pem: Vectors.text($0)) }
        let signatures = try ["1", "2"].map { try Vectors.bytes("full-kernel-2sig.signature\($0)") }
        for (keyIndex, key) in keys.enumerated() {
            for (signatureIndex, signature) in signatures.enumerated() {
                #expect(key.verifies(signature: signature, of: digest) == (keyIndex == signatureIndex))
            }
        }
    }

    @Test(
        "the fingerprint is the SHA-256 of the key as DER, in whatever form the key came",
        arguments: ["rsa2048.public.pem", "rsa2048.public-pkcs1.pem", "rsa2048.certificate.pem"])
    func fingerprint(file: String) throws {
        let other = try VerificationKey(pem: Vectors.text(file))
        #expect(other == key)
        #expect(other.fingerprint.hexadecimal + "\n" == (try Vectors.text("rsa2048.fingerprint")))
    }

    @Test("PEM is written as openssl writes it")
    func writtenPEM() throws {
        #expect(key.pem == (try Vectors.text("rsa2048.public.pem")))
    }

    @Test("a changed, cut, grown or empty signature does not verify")
    func changedSignature() {
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(!key.verifies(signature: changed, of: digest))
        }
        #expect(!key.verifies(signature: [], of: digest))
        #expect(!key.verifies(signature: signature.dropLast(), of: digest))
        #expect(!key.verifies(signature: signature + [0], of: digest))
        #expect(!key.verifies(signature: [0] + signature, of: digest))
        #expect(!key.verifies(signature: [UInt8](repeating: 0, count: 256), of: digest))
        #expect(!key.verifies(signature: [UInt8](repeating: 0xFF, count: 256), of: digest))
    }

    @Test("a signature over another digest, with another hash or another padding does not verify")
    func otherKinds() throws {
        #expect(!key.verifies(signature: signature, of: StreamDigest.digest(of: [])))
        #expect(!key.verifies(signature: try Vectors.bytes("message.signature-sha512"), of: digest))
        #expect(!key.verifies(signature: try Vectors.bytes("message.signature-pss"), of: digest))
    }

    @Test(
        "what is no safe RSA public key is refused by name",
        arguments: [
            ("rsa1024.public.pem", .wrongLength(bits: 1024)), ("ec.public.pem", .notRSA),
            ("rsa-pss.public.pem", .notRSA),
            ("rsa2048.pkcs8.pem", .privateKey), ("rsa2048.pkcs1.pem", .privateKey),
            ("rsa2048.encrypted-pkcs8.pem", .encrypted), ("rsa2048.encrypted-pkcs1.pem", .encrypted),
            ("request.pem", .unexpectedKind("CERTIFICATE REQUEST")), ("message.txt", .notPEM),
            ("rsa2048.exponent-one.pem", .unsafeExponent), ("rsa2048.exponent-even.pem", .unsafeExponent),
            ("rsa2048.exponent-long.pem", .unsafeExponent),
        ] as [(String, KeyError)])
    func refused(file: String, error: KeyError) throws {
        #expect(throws: error) { try VerificationKey(pem: Vectors.text(file)) }
        #expect(throws: KeyFileError.invalid(path: Vectors.path(file), error)) {
            try VerificationKey(contentsOfFile: Vectors.path(file))
        }
    }

    @Test(
        "broken PEM is refused",
        arguments: [
            ("", KeyError.notPEM), ("-----BEGIN PUBLIC KEY-----", .notPEM),
            ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", .notPEM),
            ("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----", .notPEM),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----", .notPEM),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", .damaged),
            ("-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----", .damaged),
            ("-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\n", .notPEM),
        ])
    func brokenPEM(text: String, error: KeyError) {
        #expect(throws: error) { try VerificationKey(pem: text) }
    }

    @Test("two keys in one file are refused, text around one is not")
    func aroundTheBlock() throws {
        let pem = try Vectors.text("rsa2048.public.pem")
        #expect(throws: KeyError.severalBlocks) { try VerificationKey(pem: pem + pem) }
        #expect(try VerificationKey(pem: "The key of release engineering\n\(pem)\nuntil 2030\n") == key)
        let windowsText = pem.split(separator: "\n").joined(separator: "\r\n")
        #expect(try VerificationKey(pem: windowsText) == key)
    }

    @Test("a key with any byte changed is refused or is another key; it never traps")
    func mutatedKeys() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        for file in ["rsa2048.public.pem", "rsa2048.certificate.pem", "rsa2048.public-pkcs1.pem"] {
            let text = try Vectors.bytes(file)
            for _ in 0..<200 {
                var changed = text
                changed[Int.random(in: 0..<text.count, using: &chance)] = UInt8.random(in: 0...127, using: &chance)
                changed.removeLast(Int.random(in: 0..<8, using: &chance))
                guard let other = try? VerificationKey(pem: String(decoding: changed, as: UTF8.self)) else { continue }
                #expect(other == key || !other.verifies(signature: signature, of: digest), "seed \(seed)")
            }
        }
    }
}
