import Glibc
package import SlotDevice
package import UnifiedKernelImage
package import UpdateModel

/// A kernel could not be loaded beside the running one.
package enum KexecError: Error, Hashable {
    case image(BootImageError)
    case device(DeviceError)
    /// A section is too large to be held in memory twice.
    case tooLarge(section: String, limitBytes: UInt64)
    case commandLineTooLong(limitBytes: Int)
    /// The process may not, or the kernel allows nobody to: `kernel.kexec_load_disabled`, or lockdown.
    case notPermitted
    /// The running kernel was built without it.
    case notSupported
    /// The signature is missing, or by a key that the running kernel does not trust.
    case signatureRefused
    case notAKernel
    /// Another one is being loaded.
    case busy
    case failed(reason: String)

    init(_ error: SystemError) {
        self =
            switch error.code {
            case EPERM, EACCES: .notPermitted
            case ENOSYS, EOPNOTSUPP: .notSupported
            case EKEYREJECTED, EKEYEXPIRED, EKEYREVOKED, ENOKEY, ENODATA, EBADMSG, ENOPKG: .signatureRefused
            case ENOEXEC: .notAKernel
            case EBUSY: .busy
            default: .failed(reason: error.reason)
            }
    }
}

extension KexecError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .image(let error): error.userMessage
        case .device(let error): error.userMessage
        case .tooLarge(let section, let limit):
            UserMessage("Section \(section) of the boot image is larger than \(limit) bytes.", exit: .badData)
        case .commandLineTooLong(let limit):
            UserMessage("The kernel's command line is longer than \(limit) bytes.", exit: .badData)
        case .notPermitted:
            UserMessage(
                "The running kernel does not let another one be loaded.",
                hint: "Needs CAP_SYS_BOOT, and kernel.kexec_load_disabled must be 0.", exit: .notPermitted)
        case .notSupported:
            UserMessage("The running kernel cannot load another one.", exit: .unavailable)
        case .signatureRefused:
            UserMessage("The running kernel does not trust the new kernel's signature.", exit: .notPermitted)
        case .notAKernel:
            UserMessage("The boot image's kernel is of no kind that can be loaded here.", exit: .badData)
        case .busy:
            UserMessage("Another kernel is being loaded.", hint: "Try again.", exit: .tryLater)
        case .failed(let reason):
            UserMessage("The kernel could not be loaded: \(reason).", exit: .inputOutput)
        }
    }
}
