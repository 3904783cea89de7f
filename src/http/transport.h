#pragma once
// How the bytes of one accepted connection come and go: plainly, or through TLS.
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace http {

// Over a socket that does not block and outlives it. The server's thread only.
class Transport {
 public:
  enum class State { moved, would_block, ended };
  struct Moved {
    State state = State::moved;
    size_t n_bytes = 0;  // of State::moved, at least 1
  };

  virtual ~Transport() = default;
  // REQUIRES: neither span is empty.
  virtual Moved read(std::span<char> into) = 0;
  virtual Moved write(std::string_view bytes) = 0;
  // Tells the peer that no more will come.
  virtual void end_writing() = 0;
};

std::unique_ptr<Transport> make_plain_transport(int socket);

}  // namespace http
