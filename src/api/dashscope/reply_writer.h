#pragma once
// Replies of DashScope's native route: {"output", "usage", "request_id"}, whole or as events that carry a
// number, a name and a status:
//
//   id:1
//   event:result
//   :HTTP_STATUS/200
//   data:{"output": ...}
#include <memory>
#include <string>

#include "api/common/reply_writer.h"

namespace api::dashscope {

struct ReplyFrame {
  std::string request_id;
  bool as_message = false;   // output.choices instead of output.text
  bool incremental = false;  // events hold what is new, not everything so far
};

std::unique_ptr<ReplyWriter> reply_writer(ReplyFrame frame);

}  // namespace api::dashscope
