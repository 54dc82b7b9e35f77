import Glibc

/// The device that a directory's file system lies on.
package enum MountedDevice {
    /// Its number as `/sys/dev/block` names it, such as `254:0`; `nil` when the directory cannot be looked at.
    package static func number(of directory: String) -> String? {
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else { return nil }
        // glibc's macros for both cannot be imported; makedev(3) has the layout.
        let device = status.st_dev
        let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
        let minor = device & 0xFF | (device >> 12) & ~0xFF
        return "\(major):\(minor)"
    }
}
