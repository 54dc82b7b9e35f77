import Glibc

/// What the clock on the wall shows in the machine's time zone, which may change while a program runs.
package struct LocalClock: Hashable, Sendable {
    /// 0 for Sunday … 6 for Saturday.
    package var weekday: Int
    /// 0…86 399; a leap second counts as the last one.
    package var secondOfDay: Int

    /// - Parameter seconds: since 1970; `nil` for now.
    package init(at seconds: Int64? = nil) {
        var moment = time_t(seconds ?? Int64(time(nil)))
        var fields = unsafe tm()
        tzset()  // Looks whether /etc/localtime is another file now.
        unsafe localtime_r(&moment, &fields)
        self.weekday = unsafe Int(fields.tm_wday)
        let minutes = unsafe Int(fields.tm_hour) * 60 + Int(fields.tm_min)
        self.secondOfDay = unsafe min(minutes * 60 + Int(fields.tm_sec), 86_399)
    }
}
