import Benchmark
import BootControl
import BootControlGPT
import PartitionTable
import SlotDevice
import UpdateModel

/// Partition tables on a disk in memory, with Flatcar's layout: what is left is checksums and copying.
func bootBenchmarks() {
    Benchmark("read and check a partition table", configuration: thousandRuns) { benchmark, device in
        for _ in benchmark.scaledIterations { blackHole(try PartitionedDisk(device).read()) }
    } setup: {
        try sampleDisk()
    }
    Benchmark("activate a slot in the partition table", configuration: thousandRuns) {
        benchmark, device in
        let control = GPTBootControl(device: device, booted: .a)
        for iteration in benchmark.scaledIterations {
            // The number of tries changes each time: an activation that changes nothing writes nothing.
            try control.activate(.b, tries: 1 + iteration % 2)
        }
    } setup: {
        try sampleDisk()
    }
}

private func sampleDisk() throws -> MemoryBlockDevice {
    let sizes = FlatcarDiskSizes(usr: 2 << 20)
    let device = MemoryBlockDevice(sizeBytes: sizes.diskBytes)
    var random = SystemRandomNumberGenerator()
    try FlatcarDiskLayout.create(on: device, sizes: sizes, using: &random)
    return device
}
