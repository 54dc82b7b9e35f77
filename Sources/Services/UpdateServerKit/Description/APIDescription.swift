package import AnyJSON
import FleetAPI
import HTTPTypes
import Hummingbird
import NIOCore

/// The OpenAPI document, made of ``APIOperation``'s table.
///
/// Source: OpenAPI 3.1.0, section 4.8.
package enum APIDescription {
    package static let document: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": "martlet-server", "version": .text(ServerVersion.text),
            "description": "Every path that answers GET answers HEAD. Unknown fields in a request are passed over.",
        ],
        "servers": [["url": "/"]],
        "paths": .object(paths),
        "components": [
            "schemas": .object(Schema.answers.merging(Schema.requests) { $1 }.mapValues(\.json)),
            "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
        ],
        "security": [["token": []]],
    ]

    private static let paths = Dictionary(grouping: APIOperation.all, by: \.template).mapValues { operations in
        JSONValue.object(
            Dictionary(uniqueKeysWithValues: operations.map { ($0.method.rawValue.lowercased(), operation($0)) }))
    }

    private static func operation(_ value: APIOperation) -> JSONValue {
        var fields: [String: JSONValue] = [
            "operationId": .text(value.name), "summary": .text(value.summary), "responses": .object(responses(value)),
        ]
        let parameters = parameters(value)
        if !parameters.isEmpty { fields["parameters"] = .list(parameters) }
        if let body = value.body { fields["requestBody"] = requestBody(body) }
        if value.isOpen { fields["security"] = [] }
        return .object(fields)
    }

    private static func parameters(_ value: APIOperation) -> [JSONValue] {
        func parameter(
            _ name: String, _ place: String, _ schema: Schema, _ text: String? = nil, isRequired: Bool = false
        ) -> JSONValue {
            var fields: [String: JSONValue] = ["name": .text(name), "in": .text(place), "schema": schema.json]
            if place == "path" || isRequired { fields["required"] = true }
            fields["description"] = text.map { .text($0) }
            return .object(fields)
        }
        var list = value.segments.map { parameter($0, "path", segment($0)) }
        list += value.query.map { parameter($0.name, "query", $0.schema, $0.description, isRequired: $0.isRequired) }
        if value.isConditional {
            list.append(parameter("If-Match", "header", .text, "Done only while the resource has this ETag, else 412."))
        }
        return list
    }

    private static func segment(_ name: String) -> Schema {
        switch name {
        case "application": Schema(["type": "string", "minLength": 1]).described("Its id in any spelling, or its name.")
        case "version": .version
        case "architecture": .architecture
        case "digest": .digest
        case "name": Schema(["type": "string", "minLength": 1])
        default: .identifier
        }
    }

    private static func requestBody(_ body: APIOperation.Body) -> JSONValue {
        let (type, schema): (String, JSONValue) =
            switch body {
            case .json(let name): (APIJSON.mediaType, Schema.named(name).json)
            case .payload: ("application/octet-stream", ["type": "string", "format": "binary"])
            case .omaha: ("text/xml", ["type": "string"])
            }
        return ["required": true, "content": .object([type: ["schema": schema]])]
    }

    private static func responses(_ value: APIOperation) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        switch value.answer {
        case .other(let type, let statuses):
            for status in statuses { responses["\(status)"] = plain(status, type) }
            return responses
        case .nothing: responses["204"] = ["description": "Done."]
        case .json(let schema, let status):
            var fields: [String: JSONValue] = [
                "description": "Done.", "content": .object([APIJSON.mediaType: ["schema": schema.json]]),
            ]
            if value.hasTag { fields["headers"] = ["ETag": ["schema": ["type": "string"]]] }
            responses["\(status)"] = .object(fields)
            if value.mayWait {
                fields["description"] = "It waits for a second person."
                responses["202"] = .object(fields)
            }
        }
        let problem: JSONValue = .object([Problem.mediaType: ["schema": Schema.named("Problem").json]])
        for status in value.refusals {
            let words = HTTPResponse.Status(code: status).reasonPhrase
            responses["\(status)"] = ["description": .text(words), "content": problem]
        }
        return responses
    }

    private static func plain(_ status: Int, _ type: String) -> JSONValue {
        var types: [String: JSONValue] = [type: ["schema": ["type": "string"]]]
        // Refusals of what is not Omaha are a line of text.
        if status >= 400, type != "text/xml" { types = ["text/plain": ["schema": ["type": "string"]]] }
        if status == 304 || status == 412 || status == 416 { types = [:] }
        var fields: [String: JSONValue] = ["description": .text(HTTPResponse.Status(code: status).reasonPhrase)]
        if !types.isEmpty { fields["content"] = .object(types) }
        return .object(fields)
    }
}

extension APIRoutes {
    /// `GET /api/v1/openapi.json`. It tells nothing of the fleet and needs no token.
    func addDescription(to router: Router<ServerContext>) {
        router.get("/api/v1/openapi.json") { request, _ in
            try guardian.check(request)
            return try APIRequest.answer(APIDescription.document)
        }
    }
}
