import ImageBuilder
import Testing
import UpdateModel

@Suite("Units that are to be enabled")
struct UnitTests {
    private func idle(_ listing: String, linked: Set<String> = []) -> [String] {
        UnitStates(listing: listing).idle(linked: linked).map(\.name)
    }

    @Test("start when systemd calls them enabled", arguments: ["enabled", "enabled-runtime", "alias", "generated"])
    func enabled(state: String) {
        #expect(idle("a.service \(state)\n").isEmpty)
    }

    @Test("that have no [Install] start only where a link asks for them", arguments: ["static", "indirect", "linked"])
    func noInstall(state: String) {
        #expect(idle("a.service enabled\ntmp.mount \(state)\n") == ["tmp.mount"])
        #expect(idle("tmp.mount \(state)", linked: ["tmp.mount"]).isEmpty)
        #expect(idle("plain \(state)", linked: ["plain.service"]).isEmpty)
        #expect(idle("a@b.service \(state)", linked: ["a@.service"]) == ["a@b.service"])
    }

    @Test("are found out when they are masked, disabled or not there", arguments: ["masked", "disabled", "bad", ""])
    func broken(state: String) {
        #expect(idle("a.service \(state)", linked: ["a.service"]) == ["a.service"])
    }

    @Test("are named by the error, with systemd's word for them")
    func error() {
        let text = ImageError.unitNotEnabled(unit: "tmp.mount", state: "static").userMessage.text
        #expect(text.contains("tmp.mount") && text.contains("static"))
    }
}
