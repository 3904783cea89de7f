#pragma once
// From method and path to a handler.
//
// A pattern is a path whose segments may be {name}, which takes one segment, or as the last one {name...},
// which takes the rest, slashes and all. HEAD goes to GET's handler. Patterns are tried in the order of their
// adding.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "http/reply.h"

namespace http {

using Handler = std::function<void(Request request, std::shared_ptr<Reply> reply)>;

enum class RunOn {
  workers,  // may take its time
  server,   // on the thread that serves all connections: for answers that are ready (health)
};

struct Route {
  std::string method;
  std::string pattern;
  Handler handler;
  RunOn run_on = RunOn::workers;
  size_t body_bytes = 0;  // how long a body may be, also after inflation; 0: Limits::body_bytes
};

class Router {
 public:
  void add(std::string method, std::string pattern, Handler handler, RunOn run_on = RunOn::workers,
           size_t body_bytes = 0);

  struct Match {
    const Route* route = nullptr;  // null: 404, or 405 if `allowed` is not empty
    std::vector<Parameter> parameters;
    std::vector<std::string> allowed;  // methods of the path, without repetition
  };
  Match find(std::string_view method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace http
