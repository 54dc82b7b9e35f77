import UpdateModel

/// The summary as a person reads it.
struct SummaryTable: Sendable {
    let summary: Summary
    let palette: Palette

    private static let head = ["machine", "slot", "version", "what happened", "update", "fetched"]

    var lines: [String] {
        let rows = summary.machines.map { machine in
            [
                machine.alias, machine.slot?.rawValue ?? "–", machine.version ?? "–", machine.outcome,
                machine.updateSeconds.map { "\(Screen.tenths($0)) s" } ?? "–", ByteCount.text(machine.downloadedBytes),
            ]
        }
        let widths = Self.head.indices.map { column in ([Self.head] + rows).map { $0[column].count }.max() ?? 0 }
        let rule = palette.faint("  " + widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "))
        return [palette.faint(line(Self.head, widths)), rule] + rows.map { line($0, widths) }
    }

    /// Numbers stand to the right.
    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).enumerated().map { column, pair in
            let (cell, width) = pair
            let space = String(repeating: " ", count: width - cell.count)
            return column >= 4 ? space + cell : cell + space
        }
        return "  " + padded.joined(separator: "  ")
    }
}
