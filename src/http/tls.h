#pragma once
// The server's side of TLS 1.3, by OpenSSL. Older versions are refused.
//
// OpenSSL is driven directly over the socket, which the server already watches for reading and writing: no
// second event loop, and none of Asio's stream templates to compile.
#include <memory>
#include <string>

#include "base/result.h"
#include "http/transport.h"

namespace http {

// A certificate with its key. Connections keep what they were accepted with, so another context may take its
// place at any time.
class TlsContext {
 public:
  // PEM files; the certificate's own first, then those that lead to the root. The error names the file.
  static base::Result<std::shared_ptr<const TlsContext>> load(const std::string& certificate_file,
                                                              const std::string& key_file);
  virtual ~TlsContext() = default;

  // The handshake happens along with the first reads. Null if memory is short.
  virtual std::unique_ptr<Transport> accept(int socket) const = 0;
};

}  // namespace http
