import UpdateModel
import FoundationEssentials
package func probe() async {
    do {
        let clock = ContinuousClock()
        let start = clock.now
        let paths = try DemoPaths.create(keep: nil)
        print(paths.root)
        let command = Command(folder: paths.logs)
        let files = try await PackageSource(command: command, cache: PackageSource.userCache).files()
        print(files.origin, clock.now - start)
        let images = try await ImageBuilder(command: command, paths: paths, source: files).build(ReleasePlan.all())
        for i in images { print(i) }
        print(clock.now - start)
    } catch { print(error) }
}
