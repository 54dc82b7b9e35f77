// The parts of OpenSSL's libcrypto that the target ContentTrust uses.
//
// The plain SHA functions are marked deprecated in favour of EVP, which hides the hash state. A download that goes on
// after a reboot needs that state, so the mark is lifted here and nowhere else.
#ifndef MARTLET_CLIBCRYPTO_SHIM_H
#define MARTLET_CLIBCRYPTO_SHIM_H

#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#endif
