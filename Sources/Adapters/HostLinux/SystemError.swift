import Glibc
import SlotDevice

/// The number that a failed system call left behind.
struct SystemError: Error, Hashable {
    let code: CInt

    /// The error of the call that has just failed on this thread.
    static var last: SystemError { SystemError(code: errno) }

    /// The system's text in English, such as “Permission denied”.
    var reason: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The error in the words of the device port.
    func asDeviceError(_ operation: String, _ path: String) -> DeviceError {
        switch code {
        case ENOSPC, EDQUOT: .full(path: path)
        default: .failed(operation: operation, path: path, reason: reason)
        }
    }
}

/// Repeats a system call that a signal interrupted.
/// - Returns: what the call returned, never negative.
func retryingInterrupts<Number: SignedInteger>(_ call: () -> Number) throws(SystemError) -> Number {
    while true {
        let result = call()
        if result >= 0 { return result }
        guard errno == EINTR else { throw .last }
    }
}
