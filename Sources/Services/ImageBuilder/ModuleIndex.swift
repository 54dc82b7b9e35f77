/// What each kernel module needs: the file `modules.dep` that depmod writes.
package struct ModuleIndex: Hashable, Sendable {
    /// From a module's name to its file and those it needs, relative to the modules' folder.
    private let files: [String: [String]]
    private let kernel: String

    /// - Parameter text: lines `kernel/drivers/x.ko: kernel/lib/y.ko …`.
    package init(_ text: String, kernel: String) {
        var files: [String: [String]] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let file = parts.first.map(String.init) else { continue }
            let needed = parts.count == 2 ? parts[1].split(separator: " ").map(String.init) : []
            files[Self.name(ofFile: file)] = [file] + needed
        }
        self.files = files
        self.kernel = kernel
    }

    /// The files of the modules and of all they need, sorted, each once.
    /// - Throws: ``ImageError/noSuchModule(name:kernel:)``.
    package func closure(of modules: [String]) throws(ImageError) -> [String] {
        var found: Set<String> = []
        for module in modules {
            guard let needed = files[Self.canonical(module)] else {
                throw .noSuchModule(name: module, kernel: kernel)
            }
            found.formUnion(needed)
        }
        return found.sorted()
    }

    /// `drivers/md/dm-verity.ko.xz` is the module `dm_verity`.
    private static func name(ofFile file: String) -> String {
        let last = file.split(separator: "/").last ?? ""
        return canonical(String(last.prefix { $0 != "." }))
    }

    /// To the kernel both dashes are one.
    private static func canonical(_ name: String) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }
}
