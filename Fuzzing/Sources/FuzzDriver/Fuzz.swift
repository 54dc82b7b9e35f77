internal import CLibFuzzer
import Synchronization

/// What libFuzzer runs on every input; it knows only functions without context.
private let currentBody = Mutex<(@Sendable ([UInt8]) -> Void)?>(nil)

/// Runs `body` on inputs that libFuzzer makes up, until it is told to stop or `body` traps.
///
/// The program's arguments are libFuzzer's: a corpus folder, `-max_total_time=SECONDS` and so on. A `body` that returns
/// has accepted its input; what must never happen is said with `precondition`.
public func fuzz(_ body: @escaping @Sendable ([UInt8]) -> Void) -> Int32 {
    currentBody.withLock { $0 = body }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
    return unsafe LLVMFuzzerRunDriver(&count, &arguments) { start, count in
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        currentBody.withLock { $0 }?(bytes)
        return 0
    }
}
