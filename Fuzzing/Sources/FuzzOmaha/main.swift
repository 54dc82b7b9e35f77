import FuzzDriver
import Glibc
import OmahaProtocol
import UpdateModel

// Takes any bytes as a request and as a response. Neither may crash the reader, and whatever is read must be written
// and read again as the same value.
exit(
    fuzz { bytes in
        if let request = try? OmahaRequest(xml: bytes) {
            precondition((try? OmahaRequest(xml: request.xml())) == request, "A request changed on its way.")
        }
        if let response = try? OmahaResponse(xml: bytes) {
            precondition((try? OmahaResponse(xml: response.xml())) == response, "A response changed on its way.")
            for app in response.apps {
                if let application = try? ApplicationID(app.id) { _ = response.answer(for: application) }
            }
        }
    })
