/// Tells a person which step a long work has come to.
package struct BuildProgress: Sendable {
    private let say: @Sendable (String) -> Void

    /// - Parameter say: gets one line for each step.
    package init(_ say: @escaping @Sendable (String) -> Void) { self.say = say }

    package static let silent = BuildProgress { _ in }

    package func step(_ text: String) { say(text) }
}
