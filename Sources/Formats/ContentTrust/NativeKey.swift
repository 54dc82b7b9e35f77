internal import CLibcrypto
internal import UpdateModel

/// An RSA key of libcrypto: public, or private with its public half.
///
/// It never changes after `init`, and libcrypto lets any number of threads use such a key at once, each with a context
/// of its own; hence sendable.
///
/// Every call that fails leaves notes in a list of the thread, which nobody here reads: each is cleared again.
@safe
final class NativeKey: @unchecked Sendable {
    private let handle: OpaquePointer

    /// Takes over `handle`.
    /// - Throws: ``KeyError/notRSA``, ``KeyError/wrongLength(bits:)``, ``KeyError/unsafeExponent``.
    private init(owning handle: OpaquePointer) throws(KeyError) {
        unsafe self.handle = handle
        guard unsafe EVP_PKEY_get_base_id(handle) == EVP_PKEY_RSA else { throw .notRSA }
        guard (2048...8192).contains(bitCount) else { throw .wrongLength(bits: bitCount) }
        guard hasSafeExponent else { throw .unsafeExponent }
    }

    deinit { unsafe EVP_PKEY_free(handle) }

    /// A SubjectPublicKeyInfo.
    convenience init(publicKeyInfo der: [UInt8]) throws(KeyError) {
        let key = try unsafe decode(der, free: EVP_PKEY_free) { cursor, count in
            unsafe d2i_PUBKEY(nil, &cursor, count)
        }
        try unsafe self.init(owning: key)
    }

    /// An RSAPublicKey of PKCS #1.
    convenience init(rsaPublicKey der: [UInt8]) throws(KeyError) {
        let key = try unsafe decode(der, free: EVP_PKEY_free) { cursor, count in
            unsafe d2i_PublicKey(EVP_PKEY_RSA, nil, &cursor, count)
        }
        try unsafe self.init(owning: key)
    }

    /// The key of an X.509 certificate. Nothing else of the certificate counts.
    convenience init(certificate der: [UInt8]) throws(KeyError) {
        let certificate = try unsafe decode(der, free: X509_free) { cursor, count in
            unsafe d2i_X509(nil, &cursor, count)
        }
        defer { unsafe X509_free(certificate) }
        guard let key = unsafe X509_get_pubkey(certificate) else {
            ERR_clear_error()
            throw .damaged
        }
        try unsafe self.init(owning: key)
    }

    /// A private key of PKCS #8 or PKCS #1.
    convenience init(privateKey der: [UInt8]) throws(KeyError) {
        let key = try unsafe decode(der, free: EVP_PKEY_free) { cursor, count in
            unsafe d2i_AutoPrivateKey(nil, &cursor, count)
        }
        try unsafe self.init(owning: key)
    }

    /// A new private key.
    convenience init(generatingBits bits: Int32) throws(KeyError) {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil) else { throw .notGenerated }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1,
            unsafe EVP_PKEY_generate(context, &key) == 1, let key = unsafe key
        else { throw .notGenerated }
        try unsafe self.init(owning: key)
    }

    var bitCount: Int { Int(unsafe EVP_PKEY_get_bits(handle)) }

    /// The DER of the public half as SubjectPublicKeyInfo.
    var publicKeyInfo: [UInt8] {
        unsafe encode { output in unsafe i2d_PUBKEY(handle, output) }
    }

    /// The DER of the private key as PKCS #8; empty for a public key.
    var privateKeyInfo: [UInt8] {
        guard let info = unsafe EVP_PKEY2PKCS8(handle) else {
            ERR_clear_error()
            return []
        }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        return unsafe encode { output in unsafe i2d_PKCS8_PRIV_KEY_INFO(info, output) }
    }

    private var hasSafeExponent: Bool {
        defer { ERR_clear_error() }
        var exponent: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(handle, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 else { return false }
        defer { unsafe BN_free(exponent) }
        return unsafe BN_is_odd(exponent) == 1 && BN_is_one(exponent) == 0 && BN_num_bits(exponent) <= 64
    }
}

extension NativeKey {
    /// Whether `signature` is an RSASSA-PKCS1-v1_5 signature of `digest`.
    func verifies(_ signature: [UInt8], of digest: SHA256Digest) -> Bool {
        defer { ERR_clear_error() }
        guard let context = unsafe makeContext(EVP_PKEY_verify_init) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        return unsafe EVP_PKEY_verify(context, signature, signature.count, digest.bytes, digest.bytes.count) == 1
    }

    /// `nil` when libcrypto refuses, as it does for a public key.
    func sign(_ digest: SHA256Digest) -> [UInt8]? {
        defer { ERR_clear_error() }
        guard let context = unsafe makeContext(EVP_PKEY_sign_init) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: (bitCount + 7) / 8)
        var count = signature.count
        guard unsafe EVP_PKEY_sign(context, &signature, &count, digest.bytes, digest.bytes.count) == 1,
            count == signature.count
        else { return nil }
        return signature
    }

    private func makeContext(_ start: (OpaquePointer?) -> Int32) -> OpaquePointer? {
        guard let context = unsafe EVP_PKEY_CTX_new(handle, nil) else { return nil }
        guard unsafe start(context) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
            unsafe EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
        else {
            unsafe EVP_PKEY_CTX_free(context)
            return nil
        }
        return unsafe context
    }
}

/// Reads one object from DER that must be nothing but that object.
private func decode(
    _ der: [UInt8], free: (OpaquePointer?) -> Void, _ read: (inout UnsafePointer<UInt8>?, Int) -> OpaquePointer?
) throws(KeyError) -> OpaquePointer {
    defer { ERR_clear_error() }
    let (object, consumed) = unsafe der.withUnsafeBufferPointer { buffer -> (OpaquePointer?, Int) in
        var cursor = buffer.baseAddress
        let object = unsafe read(&cursor, buffer.count)
        guard let start = buffer.baseAddress, let end = unsafe cursor else { return unsafe (object, 0) }
        return unsafe (object, end - start)
    }
    guard let object = unsafe object else { throw .damaged }
    guard consumed == der.count else {
        unsafe free(object)
        throw .damaged
    }
    return unsafe object
}

/// Asks for the size first, then for the bytes.
private func encode(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    defer { ERR_clear_error() }
    let count = write(nil)
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        var cursor = buffer.baseAddress
        _ = unsafe write(&cursor)
    }
    return bytes
}
