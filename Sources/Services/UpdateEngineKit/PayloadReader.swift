import ContentTrust
import NIOCore
import UpdateModel

/// Tells, in the body of one answer, what is known already from what is new.
struct PayloadReader {
    /// What is new and has not been handed on.
    var batch: [UInt8] = []
    /// The byte of the payload that comes next in the body.
    private(set) var awaited: UInt64
    private let answer: PayloadAnswer
    private let known: DownloadStart
    private var skipped = StreamDigest()

    init(answer: PayloadAnswer, known: DownloadStart) {
        self.answer = answer
        self.known = known
        self.awaited = answer.first
    }

    /// Takes a piece of the body.
    /// - Throws: ``DownloadError/tooLong(promised:)``, and what came before is kept;
    ///   ``DownloadError/changed(offsetBytes:)``, and nothing of the piece is.
    mutating func take(_ piece: ByteBufferView) throws(DownloadError) {
        let room = answer.end - awaited
        let taken = piece.prefix(Int(min(room, UInt64(piece.count))))
        let old = taken.prefix(Int(min(known.offsetBytes - min(awaited, known.offsetBytes), UInt64(taken.count))))
        if !old.isEmpty {
            skipped.update(Array(old))
            awaited += UInt64(old.count)
            try compare()
        }
        let new = taken.dropFirst(old.count)
        batch.append(contentsOf: new)
        awaited += UInt64(new.count)
        guard taken.count == piece.count else { throw .tooLong(promised: answer.end - answer.first) }
    }

    /// Where the known bytes end: they must be the same here.
    private func compare() throws(DownloadError) {
        guard awaited == known.offsetBytes, let digest = known.digest else { return }
        guard digest.finalized() == skipped.finalized() else { throw .changed(offsetBytes: awaited) }
    }
}
