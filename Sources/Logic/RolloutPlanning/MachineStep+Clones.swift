internal import FleetModel

// Machines that share an id, as copies of one disk do.
extension MachineStep {
    /// Takes down which boot speaks. Boots never come back: one that does proves that two machines take turns.
    mutating func observeBoot(_ boot: String?) {
        endCloneSight()
        guard let boot, boot != machine.bootID else { return }
        if machine.recentBoots.contains(boot) { sightClone(boot) }
        let previous = machine.bootID
        change { machine in
            machine.recentBoots.removeAll { $0 == boot || $0 == previous }
            if let previous { machine.recentBoots.append(previous) }
            machine.recentBoots = Array(machine.recentBoots.suffix(Machine.recentBootsMaximum))
            machine.bootID = boot
        }
    }

    private mutating func sightClone(_ boot: String) {
        let boots = Array(([boot] + [machine.bootID].compactMap { $0 }).prefix(Machine.recentBootsMaximum))
        let moment = now
        guard machine.clone != nil else {
            change { $0.clone = CloneSight(firstAt: moment, boots: boots) }
            return remember(.clone, text: "Boot \(boot) came back after another: several machines share this id.")
        }
        change { machine in
            machine.clone?.lastAt = moment
            machine.clone?.count += 1
            let known = machine.clone?.boots ?? []
            machine.clone?.boots = Array(
                (boots + known.filter { !boots.contains($0) }).prefix(Machine.recentBootsMaximum))
        }
    }

    private mutating func endCloneSight() {
        guard let clone = machine.clone, now >= clone.lastAt.adding(seconds: CloneSight.lifetimeSeconds) else { return }
        change { $0.clone = nil }
        remember(.clone, text: "No turns were taken under this id for 7 days; it counts as one machine again.")
    }
}
