import QemuKit
import Testing

@Suite("Lines from the guest and from QEMU")
struct LineTests {
    @Test("are whole, however they are cut")
    func splitting() {
        var splitter = LineSplitter()
        #expect(splitter.take("one\r\ntw".utf8) == ["one"])
        #expect(splitter.take("o".utf8).isEmpty)
        #expect(splitter.take("\n\nthree".utf8) == ["two", ""])
    }

    @Test("that are too long are thrown away, and the next one is read")
    func tooLong() {
        var splitter = LineSplitter(lengthMax: 4)
        #expect(splitter.take("12345\n1234\n".utf8) == ["1234"])
    }

    @Test("of the agent are hello and answers")
    func agent() {
        #expect(AgentMessage(line: "hello 4f3c-11") == .hello(bootID: "4f3c-11"))
        #expect(AgentMessage(line: "7 0 aGk=") == .answer(id: "7", AgentAnswer(status: 0, output: "hi")))
        #expect(AgentMessage(line: "7 1 ") == .answer(id: "7", AgentAnswer(status: 1, output: "")))
    }

    @Test("of anybody else are passed over", arguments: ["", "hello", "[  1.0] hello there", "7 x aGk=", "7 0 %%%%"])
    func noise(_ line: String) { #expect(AgentMessage(line: line) == nil) }

    @Test("to the agent carry any script on one line")
    func question() {
        let line = AgentMessage.question(id: "3", script: "echo “a”\nexit 1\n")
        #expect(line.hasPrefix("3 "))
        #expect(!line.contains("\n"))
        #expect(
            AgentMessage(line: "3 0 \(line.dropFirst(2))")
                == .answer(id: "3", AgentAnswer(status: 0, output: "echo “a”\nexit 1\n")))
    }

    @Test("of QEMU's monitor are told apart")
    func monitor() {
        #expect(MonitorMessage(line: #"{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}"#) == .greeting)
        #expect(MonitorMessage(line: #"{"return": {}, "id": "1"}"#) == .done(id: "1"))
        #expect(
            MonitorMessage(line: #"{"id":"2","error":{"class":"GenericError","desc":"no such device"}}"#)
                == .refused(id: "2", reason: "no such device"))
        let event = #"{"timestamp":{"seconds":1},"event":"SHUTDOWN","data":{"guest":true,"reason":"guest-reset"}}"#
        #expect(MonitorMessage(line: event) == .event(name: "SHUTDOWN", reason: "guest-reset"))
        #expect(MonitorMessage(line: "QEMU 7.2") == nil)
        #expect(MonitorMessage(line: "{}") == nil)
    }

    @Test("to QEMU's monitor are JSON")
    func command() {
        #expect(MonitorCommand.quit.line(id: "1") == #"{"execute":"quit","id":"1"}"#)
        #expect(
            MonitorCommand.diskSpeed(bytesPerSecond: 5).line(id: "2").contains(
                #""arguments":{"id":"/machine/peripheral/disk/virtio-backend","bps":5,"#))
    }

    @Test("of QEMU's monitor say what the disk has done")
    func traffic() throws {
        let answer =
            #"{"return":[{"device":"pflash0","stats":{"rd_bytes":1,"wr_bytes":2}},"#
            + #"{"device":"","qdev":"/machine/peripheral/disk/virtio-backend","#
            + #""stats":{"rd_bytes":3,"wr_bytes":4,"idle_time_ns":5}}],"id":"3"}"#
        let traffic = try DiskTraffic(answer: answer)
        #expect((traffic.readBytes, traffic.writtenBytes) == (3, 4))
        #expect(throws: QemuError.self) { try DiskTraffic(answer: #"{"return":[],"id":"3"}"#) }
    }

    @Test("of the console lose what steers a terminal")
    func plain() {
        #expect(SerialLog.plain("\u{1B}[2J\u{1B}[01;01HBdsDxe: \u{1B}[0mloading\r") == "BdsDxe: loading")
        #expect(SerialLog.plain("[    0.1]\tplain") == "[    0.1]\tplain")
        #expect(SerialLog.plain("\u{1B}") == "")
        #expect(SerialLog.plain("\u{1B}[") == "")
    }
}
