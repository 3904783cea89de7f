#pragma once
// A server on loopback with a few simple routes, for tests.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.h"
#include "tests/support/http_client.h"

namespace tests {

// Gives out a text piece by piece, as it is told.
class Faucet {
 public:
  class Source : public http::BodySource {
   public:
    explicit Source(std::shared_ptr<Faucet> faucet) : faucet_(std::move(faucet)) {}
    ~Source() override { faucet_->gone = true; }
    bool read(std::string& out) override {
      std::lock_guard lock(faucet_->mutex_);
      out += std::exchange(faucet_->text_, {});
      return faucet_->closed_;
    }

   private:
    std::shared_ptr<Faucet> faucet_;
  };
  void pour(std::string text) {
    {
      std::lock_guard lock(mutex_);
      text_ += text;
    }
    reply->wake();
  }
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    reply->wake();
  }
  std::shared_ptr<http::Reply> reply;
  std::atomic<bool> gone{false};

 private:
  std::mutex mutex_;
  std::string text_;
  bool closed_ = false;
};

struct Running {
  explicit Running(http::ServerOptions options = {}) {
    http::Router router;
    router.add(
        "GET", "/hello",
        [](http::Request request, std::shared_ptr<http::Reply> reply) {
          reply->send({200, {}, "hello " + request.query});
        },
        http::RunOn::server);
    router.add("POST", "/echo", [](http::Request request, std::shared_ptr<http::Reply> reply) {
      if (request.body == "hello") reply->note("letters", "five");
      reply->send({200, {}, std::move(request.body)});
    });
    router.add(
        "POST", "/upload",
        [](http::Request request, std::shared_ptr<http::Reply> reply) {
          reply->send({200, {}, std::move(request.body)});
        },
        http::RunOn::workers, /*body_bytes=*/10'000);
    router.add("POST", "/throw", [](http::Request, std::shared_ptr<http::Reply>) { throw std::bad_alloc(); });
    router.add("POST", "/forget", [](http::Request, std::shared_ptr<http::Reply>) {});
    router.add("POST", "/slow", [this](http::Request, std::shared_ptr<http::Reply> reply) {
      reply->on_disconnect([this] { disconnected = true; });
      std::lock_guard lock(mutex);
      waiting.push_back(reply);
      changed.notify_all();
    });
    router.add("POST", "/stream", [this](http::Request, std::shared_ptr<http::Reply> reply) {
      faucet->reply = reply;
      reply->on_disconnect([this] { disconnected = true; });
      reply->stream({200, {}, {}}, std::make_unique<Faucet::Source>(faucet),
                    {.filler = ": wait\n", .filler_interval = std::chrono::milliseconds(50)});
      std::lock_guard lock(mutex);
      streaming = true;
      changed.notify_all();
    });
    auto started = http::Server::start(std::move(options), std::move(router));
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  ~Running() {
    server.reset();
    faucet->reply.reset();
  }
  HttpClient client() { return HttpClient(server->port()); }
  void await_stream() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::milliseconds(5000), [this] { return streaming; });
  }
  void await_slow() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::milliseconds(5000), [this] { return !waiting.empty(); });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<http::Reply>> waiting;
  bool streaming = false;
  std::atomic<bool> disconnected{false};
  std::shared_ptr<Faucet> faucet = std::make_shared<Faucet>();
  std::unique_ptr<http::Server> server;
};

inline bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace tests
