#include "chat/urlize.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"
#include "chat/unicode.h"

namespace chat {

using base::Result;
using base::Status;

namespace {

bool is_letter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
bool is_host_byte(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '%' || c == '_' || (c & 0x80) != 0;
}

// "host.example:80/path": labels between dots, the last of letters alone, an optional port and path.
bool is_host_and_path(std::string_view text, bool needs_known_domain) {
  const size_t host_end = std::min(text.find_first_of("/?#:"), text.size());
  const std::vector<std::string_view> labels = base::split(text.substr(0, host_end), '.');
  for (std::string_view label : labels)
    if (label.empty() || !std::ranges::all_of(label, is_host_byte)) return false;
  const std::string_view top = labels.back();
  constexpr std::string_view kKnown[] = {"com", "net", "int", "edu", "gov", "org", "info", "mil"};
  const bool known = std::ranges::find(kKnown, base::to_lower_ascii(top)) != std::end(kKnown);
  if (needs_known_domain && (!known || labels.size() < 2)) return false;
  const bool address = labels.size() == 4 && std::ranges::all_of(labels, [](std::string_view l) {
                         return base::parse_int(l).has_value();
                       });
  if (!address && (top.size() < 2 || top.size() > 63 || !std::ranges::all_of(top, is_letter)) &&
      !top.starts_with("xn--"))
    return false;
  std::string_view rest = text.substr(host_end);
  if (rest.starts_with(':')) {
    const size_t digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (digits < 2 || digits > 6) return false;
    rest = rest.substr(digits);
  }
  return rest.empty() || rest[0] == '/' || rest[0] == '?' || rest[0] == '#';
}

bool is_web_address(std::string_view word) {
  const std::string lower = base::to_lower_ascii(word);
  for (std::string_view scheme : {"https://", "http://"})
    if (lower.starts_with(scheme)) return is_host_and_path(word.substr(scheme.size()), false);
  if (lower.starts_with("www.")) return is_host_and_path(word.substr(4), false);
  return is_host_and_path(word, /*needs_known_domain=*/true);
}

bool is_mail_address(std::string_view word) {
  const size_t at = word.rfind('@');
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view host = word.substr(at + 1);
  const size_t dot = host.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < host.size() &&
         std::ranges::all_of(host, [](char c) { return is_host_byte(c) || c == '.'; });
}

class Linker {
 public:
  Linker(Heap& heap, const UrlizeOptions& options) : heap_(heap), options_(options), out_(heap.builder()) {}

  Result<const Text*> run(const Text& text) {
    const std::string_view view = text.view();
    for (size_t at = 0; at < text.size;) {
      TRY(heap_.step());
      const bool blank = is_space(character_at(view, at));
      size_t end = at;
      while (end < text.size && is_space(character_at(view, end)) == blank)
        end += size_of_character(view, end);
      if (blank)
        out_.append_part(text, at, end);
      else
        TRY(word(*heap_.piece(text, at, end)));
      at = end;
    }
    return heap_.finish(out_);
  }

 private:
  // Brackets and punctuation around an address stay outside of the link.
  Status word(const Text& word) {
    const std::string_view view = word.view();
    size_t begin = 0, end = word.size;
    for (std::string_view rest = view; !rest.empty(); rest = view.substr(begin)) {
      if (rest[0] != '(' && rest[0] != '<' && !rest.starts_with("&lt;")) break;
      begin += rest[0] == '&' ? 4 : 1;
    }
    while (end > begin) {
      const std::string_view rest = view.substr(begin, end - begin);
      if (rest.ends_with("&gt;"))
        end -= 4;
      else if (std::string_view(")>.,\n").find(rest.back()) != std::string_view::npos)
        --end;
      else
        break;
    }
    balance(view, begin, end);
    out_.append_part(word, 0, begin);
    TRY(middle(*heap_.piece(word, begin, end)));
    out_.append_part(word, end, word.size);
    return {};
  }

  // Closing brackets belong to the address if their opening ones do.
  static void balance(std::string_view view, size_t begin, size_t& end) {
    for (const auto& [open, close] :
         {std::pair<std::string_view, std::string_view>{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}}) {
      const std::string_view inside = view.substr(begin, end - begin);
      size_t missing = count(inside, open) > count(inside, close) ? count(inside, open) : 0;
      for (; missing > 0; --missing) {
        const size_t next = view.find(close, end);
        if (next == std::string_view::npos) break;
        end = next + close.size();
      }
    }
  }

  Status middle(const Text& text) {
    const std::string_view view = text.view();
    if (is_web_address(view)) {
      const bool has_scheme = view.starts_with("https://") || view.starts_with("http://");
      return link(has_scheme ? "" : "https://", text, text, /*attributes=*/true);
    }
    if (view.starts_with("mailto:") && is_mail_address(view.substr(7)))
      return link("", text, *heap_.piece(text, 7, text.size), /*attributes=*/false);
    if (!view.starts_with("www.") && !view.starts_with('@') && view.find(':') == std::string_view::npos &&
        is_mail_address(view))
      return link("mailto:", text, text, /*attributes=*/false);
    for (const Text* scheme : options_.extra_schemes)
      if (view != scheme->view() && view.starts_with(scheme->view()))
        return link("", text, text, /*attributes=*/true);
    out_.append(text);
    return {};
  }

  Status link(std::string_view prefix, const Text& address, const Text& shown, bool attributes) {
    out_.append(base::cat("<a href=\"", prefix), true);
    out_.append(address);
    out_.append("\"", true);
    if (attributes) {
      TRY(relation());
      if (options_.target != nullptr) TRY(attribute("target", *options_.target));
    }
    out_.append(">", true);
    const size_t limit =
        options_.trim_limit < 0 || !attributes ? kMaxTextBytes : static_cast<size_t>(options_.trim_limit);
    const size_t end = offset_of_character(shown, limit);
    out_.append_part(shown, 0, end);
    if (end < shown.size) out_.append("...", true);
    out_.append("</a>", true);
    return {};
  }

  Status attribute(std::string_view name, const Text& value) {
    out_.append(base::cat(" ", name, "=\""), true);
    out_.append(*TRY(escape(heap_, value)));
    out_.append("\"", true);
    return {};
  }

  // rel holds its words once each, in order of the alphabet; noopener is always among them.
  Status relation() {
    std::set<std::string> words = {"noopener"};
    if (options_.nofollow) words.insert("nofollow");
    bool trusted = true;
    if (options_.rel != nullptr) {
      trusted = options_.rel->all_trusted();
      for (const Value& word : TRY(split_blanks(heap_, *options_.rel, -1))) words.emplace(word.text->view());
    }
    std::string joined;
    for (const std::string& word : words) joined += joined.empty() ? word : " " + word;
    return attribute("rel", *heap_.copy(joined, trusted));
  }

  Heap& heap_;
  const UrlizeOptions& options_;
  TextBuilder out_;
};

}  // namespace

Result<const Text*> urlize(Heap& heap, const Text& text, const UrlizeOptions& options) {
  return Linker(heap, options).run(*TRY(escape(heap, text)));
}

}  // namespace chat
