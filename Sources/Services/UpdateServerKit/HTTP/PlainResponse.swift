import HTTPTypes
import Hummingbird
import NIOCore

/// Short answers for what is neither the API's nor Omaha's.
enum PlainResponse {
    static var notFound: Response { text(.notFound, "There is nothing here.\n") }

    static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension HTTPField.Name {
    static let reprDigest = ours("Repr-Digest")
    static let xContentSHA256 = ours("X-Content-SHA256")
    static let referrerPolicy = ours("Referrer-Policy")

    private static func ours(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(name)") else { preconditionFailure("\(name) is no field name.") }
        return name
    }
}
