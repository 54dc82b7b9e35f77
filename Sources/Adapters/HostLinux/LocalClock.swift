import Glibc

/// What the clock on the wall shows in the machine's time zone, which may change while a program runs.
package struct LocalClock: Hashable, Sendable {
    /// 0 for Sunday … 6 for Saturday.
    package var weekday: Int
    package var sinceMidnight: Duration

    /// What it shows now.
    package init() {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        self.init(at: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec))
    }

    /// - Parameter seconds: since 1970.
    package init(at seconds: Int64, nanoseconds: Int64 = 0) {
        var moment = time_t(seconds)
        var fields = unsafe tm()
        tzset()  // Looks whether /etc/localtime is another file now.
        unsafe localtime_r(&moment, &fields)
        self.weekday = unsafe Int(fields.tm_wday)
        let minutes = unsafe Int(fields.tm_hour) * 60 + Int(fields.tm_min)
        self.sinceMidnight = unsafe .seconds(minutes * 60 + Int(fields.tm_sec)) + .nanoseconds(nanoseconds)
    }
}
