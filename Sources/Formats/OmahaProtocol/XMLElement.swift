/// One element of a document that has been read, with everything inside it.
struct XMLElement {
    let name: String
    let attributes: [(name: String, value: String)]
    var children: [XMLElement] = []
    var text = ""

    init(name: String, attributes: [(name: String, value: String)]) {
        self.name = name
        self.attributes = attributes
    }

    /// The first child called `name`.
    func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// All children called `name`.
    func all(_ name: String) -> some Sequence<XMLElement> { children.lazy.filter { $0.name == name } }

    /// The attribute's value, or `nil` where it is absent.
    func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }

    /// The attribute's value, or nothing where it is absent.
    func text(_ name: String) -> String { attribute(name) ?? "" }

    /// The attribute as a number, or `nil` where it is absent or none.
    func number(_ name: String) -> Int? { attribute(name).flatMap { Int($0) } }

    /// Whether the attribute says `true` or `1`, exactly so.
    func isTrue(_ name: String) -> Bool { attribute(name).map(Self.saysTrue) ?? false }

    /// Like ``isTrue(_:)``, but `nil` where the attribute is absent.
    func claim(_ name: String) -> Bool? { attribute(name).map(Self.saysTrue) }

    private static func saysTrue(_ value: String) -> Bool { value == "true" || value == "1" }
}
