/// Turns the events of a parser into a tree, and refuses to grow beyond the limits.
///
/// Depth is bounded, so that whatever walks the tree later may recurse.
struct XMLTreeBuilder {
    private let limits: XMLLimits
    private var open: [XMLElement] = []
    private var elementCount = 0
    private(set) var root: XMLElement?

    init(limits: XMLLimits) { self.limits = limits }

    mutating func start(
        _ name: String, attributes: [(name: String, value: String)]
    ) throws(OmahaParseError) {
        elementCount += 1
        guard elementCount <= limits.elements else { throw .tooManyElements(limit: limits.elements) }
        guard open.count < limits.depth else { throw .tooDeep(limit: limits.depth) }
        for attribute in attributes where attribute.value.utf8.count > limits.attributeBytes {
            throw .attributeTooLong(attribute: attribute.name, limitBytes: limits.attributeBytes)
        }
        open.append(XMLElement(name: name, attributes: attributes))
    }

    mutating func append(_ text: String) throws(OmahaParseError) {
        guard let last = open.indices.last else { return }
        guard open[last].text.utf8.count + text.utf8.count <= limits.textBytes else {
            throw .textTooLong(element: open[last].name, limitBytes: limits.textBytes)
        }
        open[last].text += text
    }

    mutating func end() {
        guard let element = open.popLast() else { return }
        if let parent = open.indices.last {
            open[parent].children.append(element)
        } else {
            root = element
        }
    }
}
