#pragma once
// A streamed reply: takes what the generations of its choices have to tell, and has a writer put it into
// words.
#include <memory>
#include <string>
#include <vector>

#include "api/common/choices.h"
#include "api/common/reply_writer.h"
#include "http/reply.h"
#include "serving/served_model.h"

namespace api {

class ReplyStream : public http::BodySource {
 public:
  // Keeps the model as long as its generations run.
  ReplyStream(std::unique_ptr<ReplyWriter> writer, std::shared_ptr<const serving::ServedModel> model,
              std::vector<Choice> choices);
  bool read(std::string& out) override;

 private:
  void read_choice(Choice& choice, std::string& out);

  std::unique_ptr<ReplyWriter> writer_;
  std::shared_ptr<const serving::ServedModel> model_;
  std::vector<Choice> choices_;
  size_t n_running_;
  bool begun_ = false;
  bool failed_ = false;
};

// A whole reply. REQUIRES: every generation has finished.
http::Response whole_reply(ReplyWriter& writer, std::vector<Choice>& choices);

}  // namespace api
