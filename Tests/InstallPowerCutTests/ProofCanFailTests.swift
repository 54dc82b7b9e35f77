import EngineTestKit
import FleetTestKit
import SlotDevice
import Testing
import UpdateLogic
import UpdateModel

/// A proof that cannot fail proves nothing.
@Suite struct ProofCanFailTests {
    @Test("An engine that makes the slot bootable before it has verified it is caught")
    func activatesFirst() throws {
        let first = try TestRelease("1.0.0")
        var recipe = TestRelease.Recipe()
        recipe.isKernelFirst = true
        let second = try TestRelease("2.0.0", recipe: recipe)
        var proof = PowerCutProof(
            first: first, second: second, disk: try InstallRig.disk(with: first), story: .update)
        proof.bug = .activatesFirst
        proof.engineKernels = { KernelsInPlace(area: $0) }
        #expect(try proof.incompleteBoots() > 0)
        proof.bug = .none
        proof.engineKernels = { $0 }
        #expect(try proof.incompleteBoots() == 0)
    }
}

/// A boot partition on which the engine writes kernels straight under their final names.
private struct KernelsInPlace: FileArea {
    let area: FaultyFileArea

    private func place(_ name: String) -> String { name.hasSuffix(".new") ? String(name.dropLast(4)) : name }

    func names() throws(DeviceError) -> [String] { try area.names() }
    func open(_ name: String) throws(DeviceError) -> (any BlockDevice)? { try area.open(place(name)) }
    func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice {
        try area.create(place(name), sizeBytes: sizeBytes)
    }
    func rename(_ name: String, to newName: String) throws(DeviceError) {
        if place(name) != newName { try area.rename(name, to: newName) }
    }
    func remove(_ name: String) throws(DeviceError) { if !name.hasSuffix("-a.new") { try area.remove(name) } }
    func freeBytes() throws(DeviceError) -> UInt64 { try area.freeBytes() }
}
