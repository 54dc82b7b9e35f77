/// An implementation broke a promise of its port.
package struct ContractFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// - Throws: ``ContractFailure`` with `promise` unless the condition holds.
func require(_ condition: Bool, _ promise: @autoclosure () -> String) throws {
    guard condition else { throw ContractFailure(promise()) }
}

/// - Throws: ``ContractFailure`` unless `body` throws an error that `matches` accepts.
func requireError<Failure: Error>(
    _ promise: String, _ matches: (Failure) -> Bool, from body: () throws(Failure) -> Void
) throws {
    do {
        try body()
    } catch {
        guard matches(error) else { throw ContractFailure("\(promise), but it threw \(error)") }
        return
    }
    throw ContractFailure("\(promise), but nothing was thrown")
}
