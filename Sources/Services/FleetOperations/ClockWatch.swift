package import FleetModel
internal import Synchronization

/// Compares the clock of the machine with a count of time that never jumps, and goes by that count while they disagree.
///
/// A clock that runs a little fast or slow, or is set by less than ``toleranceSeconds``, is followed. One that jumps further
/// raises an alarm: until it is right again, or a person accepts it, time here goes on as if it had not jumped.
package final class ClockWatch: Sendable {
    package struct Reading: Hashable, Sendable {
        package let now: Timestamp
        /// `nil` while the clock can be believed.
        package let alarm: ClockAlarm?
    }

    private struct State {
        var anchor: ClockMark
        var alarm: ClockAlarm?
        var isBeingAccepted = false
    }

    package static let toleranceSeconds: Int64 = 60
    /// A server that was away for longer, and whose machine was booted meanwhile, does not believe the clock either.
    package static let absenceSeconds: Int64 = 30 * 86_400

    private let time: any TimeSource
    private let state: Mutex<State>

    package init(time: any TimeSource) {
        self.time = time
        self.state = Mutex(State(anchor: time.mark))
    }

    /// Looks at both clocks.
    package func read() -> Reading { state.withLock { Self.read(&$0, time.mark) } }

    /// What is to be kept, so that a jump is seen across a restart.
    package var mark: ClockMark {
        let present = time.mark
        let now = read().now
        return ClockMark(moment: now, uptimeMicroseconds: present.uptimeMicroseconds, boot: present.boot)
    }

    /// Goes on where a server stopped.
    package func restore(_ mark: ClockMark?, _ alarm: ClockAlarm?) {
        guard let mark else { return }
        let present = time.mark
        state.withLock { state in
            state.alarm = alarm
            state.isBeingAccepted = false
            if mark.boot == present.boot {
                state.anchor = mark
            } else if alarm != nil || !Self.isPlausible(present.moment, after: mark.moment) {
                state.anchor = ClockMark(
                    moment: mark.moment, uptimeMicroseconds: present.uptimeMicroseconds, boot: present.boot)
            } else {
                state.anchor = present
            }
            _ = Self.read(&state, present)
        }
    }

    private static func isPlausible(_ now: Timestamp, after mark: Timestamp) -> Bool {
        (-toleranceSeconds...absenceSeconds).contains(now.seconds(since: mark))
    }

    /// How far the clock has gone from our own count, in seconds, for whoever is about to accept that; the alarm stands
    /// until ``endAcceptance(of:)``. `nil` where the clock is believed, and while somebody else is at it.
    package func beginAcceptance() -> Int64? {
        let present = time.mark
        return state.withLock { state in
            guard Self.read(&state, present).alarm != nil, !state.isBeingAccepted else { return nil }
            state.isBeingAccepted = true
            return present.moment.seconds(since: Self.steady(state.anchor, present))
        }
    }

    /// Goes on so many seconds from our own count; `nil` where nothing was accepted after all. A clock that jumped
    /// again meanwhile raises its own alarm.
    package func endAcceptance(of seconds: Int64?) {
        let present = time.mark
        state.withLock { state in
            state.isBeingAccepted = false
            guard let seconds else { return }
            let moment = Self.steady(state.anchor, present).adding(seconds: seconds)
            state.anchor = ClockMark(moment: moment, uptimeMicroseconds: present.uptimeMicroseconds, boot: present.boot)
            state.alarm = nil
            _ = Self.read(&state, present)
        }
    }

    private static func read(_ state: inout State, _ present: ClockMark) -> Reading {
        let steady = steady(state.anchor, present)
        let gap = present.moment.seconds(since: steady)
        if (-toleranceSeconds...toleranceSeconds).contains(gap) {
            state.anchor = present
            state.alarm = nil
            return Reading(now: present.moment, alarm: nil)
        }
        let alarm = state.alarm ?? ClockAlarm(at: steady, clock: present.moment)
        state.alarm = alarm
        return Reading(now: steady, alarm: alarm)
    }

    private static func steady(_ anchor: ClockMark, _ present: ClockMark) -> Timestamp {
        let elapsed = present.uptimeMicroseconds.subtractingReportingOverflow(anchor.uptimeMicroseconds).partialValue
        return Timestamp(microseconds: anchor.moment.microseconds.addingReportingOverflow(elapsed).partialValue)
    }
}
