#include "tokenizer/post_processor.h"

#include "base/strings.h"
#include "base/utf8.h"

namespace tokenizer {
namespace {

using base::Code;
using base::fail;

std::string_view text_of(const base::Json* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

// The ids that the template's table gives a special token.
base::Result<std::vector<TokenId>> ids_of(const base::Json& processor, std::string_view name,
                                          const Vocabulary& vocabulary) {
  const base::Json* table = processor.find("special_tokens");
  const base::Json* entry = table != nullptr ? table->find(name) : nullptr;
  const base::Json* ids = entry != nullptr ? entry->find("ids") : nullptr;
  if (ids == nullptr || !ids->is_array())
    return fail(Code::corrupt, base::cat("the post-processor names the token '", base::printable(name, 60),
                                         "' without defining it"));
  std::vector<TokenId> result;
  for (const base::Json& id : ids->as_array()) {
    if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() >= vocabulary.size() ||
        !vocabulary.has(static_cast<TokenId>(id.as_integer()), Vocabulary::kPresent))
      return fail(Code::corrupt, base::cat("the post-processor adds '", base::printable(name, 60), "' as id ",
                                           base::printable(id.write(), 40), ", which is no token"));
    result.push_back(static_cast<TokenId>(id.as_integer()));
  }
  return result;
}

base::Result<PostProcessor> parse_template(const base::Json& processor, const Vocabulary& vocabulary) {
  const base::Json* single = processor.find("single");
  if (single == nullptr || !single->is_array())
    return fail(Code::corrupt, "the post-processor 'TemplateProcessing' has no list 'single'");
  PostProcessor result;
  bool text_seen = false;
  for (const base::Json& part : single->as_array()) {
    if (const base::Json* sequence = part.find("Sequence")) {
      if (text_seen || text_of(sequence->find("id")) != "A")
        return fail(Code::corrupt,
                    "the post-processor's template 'single' must hold the text A exactly once");
      text_seen = true;
    } else if (const base::Json* special = part.find("SpecialToken")) {
      const std::vector<TokenId> ids = TRY(ids_of(processor, text_of(special->find("id")), vocabulary));
      std::vector<TokenId>& side = text_seen ? result.after : result.before;
      side.insert(side.end(), ids.begin(), ids.end());
    } else {
      return fail(Code::corrupt,
                  "the post-processor's template 'single' holds something that is neither text nor token");
    }
  }
  if (!text_seen)
    return fail(Code::corrupt, "the post-processor's template 'single' must hold the text A exactly once");
  return result;
}

base::Result<PostProcessor> parse_sequence(const base::Json& sequence, const Vocabulary& vocabulary) {
  const base::Json* parts = sequence.find("processors");
  if (parts == nullptr || !parts->is_array())
    return fail(Code::corrupt, "the post-processor 'Sequence' has no list of processors");
  PostProcessor all;
  for (const base::Json& part : parts->as_array()) {
    const PostProcessor next = TRY(PostProcessor::parse(&part, vocabulary));
    all.before.insert(all.before.begin(), next.before.begin(), next.before.end());
    all.after.insert(all.after.end(), next.after.begin(), next.after.end());
  }
  return all;
}

}  // namespace

base::Result<PostProcessor> PostProcessor::parse(const base::Json* post_processor,
                                                 const Vocabulary& vocabulary) {
  if (post_processor == nullptr || post_processor->is_null()) return PostProcessor();
  const std::string_view type = text_of(post_processor->find("type"));
  if (type == "ByteLevel") return PostProcessor();  // it only moves offsets
  if (type == "TemplateProcessing") return parse_template(*post_processor, vocabulary);
  if (type == "Sequence") return parse_sequence(*post_processor, vocabulary);
  return fail(Code::unsupported,
              base::cat("the post-processor '", base::printable(type, 60),
                        "' is not supported (ByteLevel, TemplateProcessing and Sequence are)"));
}

void PostProcessor::apply(std::vector<TokenId>& ids) const {
  ids.insert(ids.begin(), before.begin(), before.end());
  ids.insert(ids.end(), after.begin(), after.end());
}

}  // namespace tokenizer
