/// Rows with aligned columns, as people read lists.
struct Table {
    private let titles: [String]
    private var rows: [[String]] = []

    init(_ titles: String...) { self.titles = titles }

    mutating func add(_ cells: String...) { rows.append(cells.map { $0.isEmpty ? "-" : Terminal.safe($0) }) }

    /// One line for the titles and one for each row; the last column is not padded.
    var lines: [String] {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            let last = cells.count - 1
            return cells.enumerated().map { column, cell in
                column == last ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ")
        }
    }
}

/// One thing with its fields, one on each line.
struct Sheet {
    private var fields: [(name: String, value: String)] = []

    /// Leaves out a field without a value.
    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { fields.append((name, Terminal.safe(value))) }
    }

    var lines: [String] {
        let width = fields.map(\.name.count).max() ?? 0
        return fields.map { "\($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" }
    }
}
