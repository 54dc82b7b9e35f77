import ContentTrust
import Testing
import UpdateModel

@Suite struct SigningKeyTests {
    @Test("a signature is the one that openssl makes", arguments: ["rsa2048.pkcs8.pem", "rsa2048.pkcs1.pem"])
    func sameAsOpenSSL(file: String) throws {
        let key = try SigningKey(contentsOfFile: Vectors.path(file))
        let digest = StreamDigest.digest(of: try Vectors.bytes("message.txt"))
        #expect(try key.sign(digest) == Vectors.bytes("message.signature"))
        #expect(key.verificationKey == (try VerificationKey(pem: Vectors.text("rsa2048.public.pem"))))
        #expect(key.privatePEM == (try Vectors.text("rsa2048.pkcs8.pem")))
    }

    @Test("a new key signs, and survives being written and read")
    func generated() throws {
        let key = try SigningKey.generate(.bits2048)
        #expect(key.verificationKey.bitCount == 2048)
        let digest = StreamDigest.digest(of: [1, 2, 3])
        let again = try SigningKey(pem: key.privatePEM)
        #expect(again.verificationKey == key.verificationKey)
        #expect(try VerificationKey(pem: key.verificationKey.pem).verifies(signature: again.sign(digest), of: digest))
        #expect(try SigningKey.generate(.bits2048).verificationKey != key.verificationKey)
    }

    @Test("one key signs on many threads at once")
    func concurrentUse() async throws {
        let key = try SigningKey(pem: Vectors.text("rsa2048.pkcs8.pem"))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let digest = StreamDigest.digest(of: [UInt8(number)])
                    return key.verificationKey.verifies(signature: try key.sign(digest), of: digest)
                }
            }
            for try await valid in group { #expect(valid) }
        }
    }

    @Test("printing a key tells nothing of it")
    func silent() throws {
        let key = try SigningKey(pem: Vectors.text("rsa2048.pkcs8.pem"))
        var dumped = ""
        dump(key, to: &dumped)
        let secret = key.privatePEM.split(separator: "\n")[5]
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(secret) && !text.contains("PRIVATE"))
        }
    }

    @Test(
        "what is no RSA private key without a passphrase is refused by name",
        arguments: [
            ("rsa2048.encrypted-pkcs8.pem", .encrypted), ("rsa2048.encrypted-pkcs1.pem", .encrypted),
            ("ec.pkcs8.pem", .notRSA), ("ec.sec1.pem", .notRSA), ("rsa2048.public.pem", .publicKey),
            ("rsa2048.certificate.pem", .publicKey), ("request.pem", .unexpectedKind("CERTIFICATE REQUEST")),
            ("message.txt", .notPEM),
        ] as [(String, KeyError)])
    func refused(file: String, error: KeyError) throws {
        #expect(throws: error) { try SigningKey(pem: Vectors.text(file)) }
    }

    @Test("a private key with any byte changed never traps, and never gives a signature that does not verify")
    func mutatedKeys() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        let digest = StreamDigest.digest(of: [])
        let text = try Vectors.bytes("rsa2048.pkcs1.pem")
        for _ in 0..<60 {
            var changed = text
            // Within the Base64, to letters of it: the damage reaches the numbers of the key.
            let place = Int.random(in: 40..<(text.count - 40), using: &chance)
            if changed[place] != 0x0A { changed[place] = UInt8.random(in: 0x41...0x5A, using: &chance) }
            guard let key = try? SigningKey(pem: String(decoding: changed, as: UTF8.self)),
                let signature = try? key.sign(digest)
            else { continue }
            #expect(key.verificationKey.verifies(signature: signature, of: digest), "seed \(seed)")
        }
    }

    @Test("each refusal is one line, exits 65, and tells how to get a usable key")
    func messages() {
        let message = KeyFileError.invalid(path: "/keys/a.pem", .encrypted).userMessage
        #expect(message.exit == .badData)
        #expect(message.line.hasPrefix("/keys/a.pem is protected by a passphrase. Remove the passphrase"))
        #expect(!message.line.contains("\n"))
    }
}
