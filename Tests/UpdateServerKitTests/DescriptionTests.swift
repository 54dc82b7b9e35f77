import AnyJSON
import FleetAPI
import FleetModel
import FleetOperations
import HTTPTypes
import HummingbirdTesting
import NIOCore
import PayloadStore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("The document that describes the API")
struct DescriptionTests {
    @Test("it has every route of the router, and no other")
    func everyRoute() throws {
        // GET answers HEAD, too; the document says so once.
        let known = Set(try TestServer().server().routes.filter { !$0.hasPrefix("HEAD ") })
        // The router shows `{name}` for what the table, as its own code, calls `:name`.
        let described = Set(
            APIOperation.all.map { operation in
                let parts = operation.path.split(separator: "/", omittingEmptySubsequences: false)
                let shown = parts.map { $0.first == ":" ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
                return "\(operation.method.rawValue) \(shown)"
            })
        #expect(described.subtracting(known) == [])
        #expect(known.subtracting(described) == [])
        #expect(described.count == APIOperation.all.count, "a route is described twice")
    }

    @Test("what it refers to is there, and each operation has a name of its own")
    func references() throws {
        let document = APIDescription.document
        let named = try #require(document["components"]?["schemas"])
        var references: [String] = []
        var names: [String] = []
        func walk(_ value: JSONValue) {
            switch value {
            case .object(let fields):
                if case .text(let reference)? = fields["$ref"] { references.append(reference) }
                if case .text(let name)? = fields["operationId"] { names.append(name) }
                fields.values.forEach(walk)
            case .list(let items): items.forEach(walk)
            default: break
            }
        }
        walk(document)
        #expect(references.count > 50)
        for reference in references {
            let name = try #require(reference.split(separator: "/").last)
            #expect(named[String(name)] != nil, "\(reference)")
        }
        #expect(Set(names).count == names.count && names.count == APIOperation.all.count)
    }

    @Test(
        "its pattern of a payload's address takes what the server takes",
        arguments: [
            "https://mirror.example.org/os/update.crau", "http://[2001:db8::1]:8080/A%20b/x.y.z",
            "HTTPS://M/~a/$'()*+,;=:@!-_.crau", "http://10.0.0.1:00080/update",
            "https://a.example/" + String(repeating: "d/", count: 400) + "update.crau",
        ])
    func payloadURL(text: String) throws {
        #expect(throws: Never.self) { try PayloadURL(text) }
        #expect(try Self.fitsPayloadURL(text))
    }

    @Test("the address that a refusal proposes fits the pattern, and what is refused for its shape does not")
    func payloadURLHint() throws {
        let refused = #expect(throws: InvalidPayloadURL.self) { try PayloadURL("") }
        let hint = try #require(refused?.userMessage.hint)
        let proposed = try #require(hint.split(separator: " ").first { $0.hasPrefix("https://") }).dropLast()
        #expect(try Self.fitsPayloadURL(String(proposed)))
        for text in [
            "ftp://x/y", "https://ada:secret@x/y", "https://x/y?z", "https://x/y#z", "https://x", "https://x/",
            "https://x//y", "https://x:0/y", "https://x/%zz", "https://x/a b", "https:///y", "x/y",
        ] {
            #expect(throws: InvalidPayloadURL.self) { try PayloadURL(text) }
            #expect(try !Self.fitsPayloadURL(text), "\(text)")
        }
    }

    private static func fitsPayloadURL(_ text: String) throws -> Bool {
        let schema = try #require(APIDescription.document["components"]?["schemas"]?["NewPayloadElsewhere"])
        let item = try #require(schema["properties"]?["urls"]?["items"])
        guard case .text(let pattern)? = item["pattern"], case .integer(let most)? = item["maxLength"] else {
            throw CancellationError()
        }
        let match = text.wholeMatch(of: try Regex(pattern))
        return text.utf8.count <= most && match != nil
    }

    @Test("anybody can read it; it is JSON")
    func served() async throws {
        try await TestServer(authentication: .token).test { client in
            let response = try await client.execute(uri: "/api/v1/openapi.json", method: .get)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
            #expect(try response.json(JSONValue.self)["openapi"] == "3.1.0")
        }
    }

    @Test("what the server answers has every field that is promised, and none that is not described")
    func answers() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let group = "/api/v1/applications/flatcar/groups/web"
            let edit = """
                {"labels":"role=web","policy":{"ramp":{"steps":[{"afterSeconds":0,"percent":100}]},
                "rate":{"maximum":5,"seconds":60},"downloadRate":1000,"windows":["mon-sun 00:00-24:00"],"stageDeadlines":{"downloading":600},"deltas":"never",
                "downgrade":"allow","minimumVersion":"1.0.0",
                "brakes":{"failurePercent":5,"silent":2,"timeOuts":{"downloading":3}}}}
                """
            let json: HTTPFields = [.contentType: "application/json"]
            let edited = try await client.execute(
                uri: group, method: .patch, headers: json, body: ByteBuffer(string: edit))
            #expect(edited.status == .ok)
            for machine in ["m1", "m2"] {
                _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: machine))
            }
            let floor = try await server.addRelease("3500.0.0")
            _ = try await server.control.setFloor(floor, of: server.flatcar, reason: "new keys", by: .local)
            let channel = "/api/v1/applications/flatcar/channels/"
            for (path, body) in [
                ("beta", #"{"follows":{"channel":"stable","soakSeconds":60},"secondPerson":true}"#),
                ("stable/promote", #"{"to":"beta","reason":"quiet"}"#), ("stable/promote", #"{"to":"alpha"}"#),
            ] {
                let method: HTTPRequest.Method = path == "beta" ? .patch : .post
                _ = try await client.execute(
                    uri: channel + path, method: method, headers: json, body: ByteBuffer(string: body))
            }
            let mirror = try PayloadURL("https://a.example/update.crau")
            server.remote.put(TinyPayload.full(blobByteCount: 8192), at: mirror)
            _ = try await server.addEmptyRelease("3400.0.0")
            let elsewhere = "/api/v1/applications/flatcar/releases/3400.0.0/payloads/amd64"
            let lying = try await client.execute(
                uri: elsewhere + "/elsewhere", method: .post, headers: json,
                body: ByteBuffer(string: #"{"urls":["\#(mirror)"]}"#))
            #expect(lying.status == .created)
            server.remote.put(nil, at: mirror)
            try await server.probePayloads()
            let machine = "/api/v1/applications/flatcar/machines/m1"
            let held = #"{"labels":{"role":"web"},"held":true,"reason":"why not"}"#
            _ = try await client.execute(uri: machine, method: .patch, headers: json, body: ByteBuffer(string: held))
            for (path, schema) in [
                ("status", "Status"), ("overview", "Overview"), ("clock", "Clock"), ("applications/flatcar", "Application"),
                ("applications/flatcar/releases/4000.0.0", "Release"),
                ("applications/flatcar/releases/3400.0.0/payloads/amd64", "Payload"),
                ("applications/flatcar/releases/3400.0.0/payloads/amd64/elsewhere", "FetchState"),
                ("applications/flatcar/releases/3500.0.0", "Release"), ("applications/flatcar/channels/stable", "Channel"),
                ("applications/flatcar/channels/beta", "Channel"),
                ("applications/flatcar/groups/web", "Group"), ("applications/flatcar/machines/m1", "Machine"),
                ("applications/flatcar/machines/m1/why", "Why"),
            ] {
                let response = try await client.execute(uri: "/api/v1/" + path, method: .get)
                try Self.expect(response.json(JSONValue.self), fits: schema, path)
            }
            let moves = try await client.execute(uri: channel + "alpha/moves", method: .get).json(JSONValue.self)
            guard case .list(let made)? = moves["items"], let move = made.first else { throw CancellationError() }
            try Self.expect(move, fits: "ChannelMove", "moves")
            let events = try await client.execute(uri: "/api/v1/events", method: .get).json(JSONValue.self)
            var items: [JSONValue] = []
            if case .list(let list)? = events["items"] { items = list }
            #expect(items.count > 2)
            for item in items { try Self.expect(item, fits: "Event", "events") }
        }
    }

    /// Compares the fields of an object with those of a schema, down to the named schemas that it refers to.
    private static func expect(_ value: JSONValue, fits name: String, _ path: String) throws {
        let schema = try #require(APIDescription.document["components"]?["schemas"]?[name])
        try compare(value, schema, path)
    }

    private static func compare(_ value: JSONValue, _ schema: JSONValue, _ path: String) throws {
        if case .text(let reference)? = schema["$ref"] {
            return try expect(value, fits: String(try #require(reference.split(separator: "/").last)), path)
        }
        if case .list(let items) = value, let item = schema["items"] {
            for value in items { try compare(value, item, path + "[]") }
        }
        guard case .object(let fields) = value, case .object(let described)? = schema["properties"] else { return }
        if case .list(let required)? = schema["required"] {
            for case .text(let name) in required { #expect(fields[name] != nil, "\(path).\(name) is missing") }
        }
        for (name, field) in fields {
            let property = try #require(described[name], "\(path).\(name) is not described")
            try compare(field, property, "\(path).\(name)")
        }
    }

    @Test(
        "a path that takes other methods says which",
        arguments: [
            (HTTPRequest.Method.put, "/api/v1/applications", "GET, HEAD, POST"),
            (.post, "/api/v1/applications/flatcar/groups/web", "DELETE, GET, HEAD, PATCH"),
            (.delete, "/v1/update", "POST"), (.post, "/healthz", "GET, HEAD"),
        ])
    func otherMethods(method: HTTPRequest.Method, path: String, allowed: String) async throws {
        try await TestServer().test { client in
            let response = try await client.execute(uri: path, method: method)
            #expect(response.status == .methodNotAllowed)
            #expect(response.headers[.allow] == allowed)
        }
    }
}
