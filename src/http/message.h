#pragma once
// Requests and responses as values. Field names compare without regard to case.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

struct Header {
  std::string name;
  std::string value;
};

class Headers {
 public:
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // The field's value, as a list separated by commas, holds `token`.
  bool has_token(std::string_view name, std::string_view token) const;
  int count(std::string_view name) const;
  void add(std::string name, std::string value) { all_.push_back({std::move(name), std::move(value)}); }
  // Replaces fields of that name by one.
  void set(std::string_view name, std::string value);
  const std::vector<Header>& all() const { return all_; }

 private:
  std::vector<Header> all_;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

struct Parameter {
  std::string name;
  std::string value;
};

struct Request {
  std::string id;      // ours, in every reply as x-request-id
  std::string method;  // "GET"
  std::string path;    // percent-decoded, begins with '/'
  std::string query;   // as it came, without '?'
  int version = 11;    // 10 or 11
  Headers headers;
  std::string body;
  bool from_loopback = false;
  std::vector<Parameter> path_parameters;  // set by the router: the {names} of the pattern

  // The path parameter of that name; empty if there is none.
  std::string_view path_parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

Response json_response(int status, std::string body);

// "Not Found"
std::string_view reason_phrase(int status);

// "%20" and the like decoded; nothing if a code is cut or not hexadecimal.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace http
