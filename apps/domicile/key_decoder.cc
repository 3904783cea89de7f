#include "apps/domicile/key_decoder.h"

#include <utility>

#include "base/utf8.h"

namespace apps {

namespace {

constexpr std::string_view kPasteBegin = "\x1b[200~", kPasteEnd = "\x1b[201~";
constexpr size_t kMaxEscapeBytes = 32;
constexpr size_t kMaxPasteBytes = size_t{16} << 20;

struct Sequence {
  std::string_view bytes;
  KeyKind kind;
};
constexpr Sequence kSequences[] = {
    {"\x1b[A", KeyKind::up},
    {"\x1b[B", KeyKind::down},
    {"\x1b[C", KeyKind::right},
    {"\x1b[D", KeyKind::left},
    {"\x1bOA", KeyKind::up},
    {"\x1bOB", KeyKind::down},
    {"\x1bOC", KeyKind::right},
    {"\x1bOD", KeyKind::left},
    {"\x1b[H", KeyKind::home},
    {"\x1b[F", KeyKind::end},
    {"\x1bOH", KeyKind::home},
    {"\x1bOF", KeyKind::end},
    {"\x1b[1~", KeyKind::home},
    {"\x1b[4~", KeyKind::end},
    {"\x1b[7~", KeyKind::home},
    {"\x1b[8~", KeyKind::end},
    {"\x1b[3~", KeyKind::delete_forward},
    {"\x1b[1;5C", KeyKind::word_right},
    {"\x1b[1;5D", KeyKind::word_left},
    {"\x1b[1;3C", KeyKind::word_right},
    {"\x1b[1;3D", KeyKind::word_left},
    {"\x1b"
     "f",
     KeyKind::word_right},
    {"\x1b"
     "b",
     KeyKind::word_left},
    {"\x1b\r", KeyKind::newline},
    {"\x1b\n", KeyKind::newline},
    {"\x1b[13;2u", KeyKind::newline},     // Shift-Enter of terminals that tell it apart
    {"\x1b[27;2;13~", KeyKind::newline},  // likewise
    {"\x1b\x7f", KeyKind::delete_word},
};

std::optional<KeyKind> control_key(unsigned char byte) {
  switch (byte) {
    case 0x01:
      return KeyKind::home;  // Ctrl-A
    case 0x02:
      return KeyKind::left;  // Ctrl-B
    case 0x03:
      return KeyKind::interrupt;  // Ctrl-C
    case 0x04:
      return KeyKind::end_of_input;  // Ctrl-D
    case 0x05:
      return KeyKind::end;  // Ctrl-E
    case 0x06:
      return KeyKind::right;  // Ctrl-F
    case 0x08:
      return KeyKind::backspace;  // Ctrl-H
    case 0x0a:
      return KeyKind::newline;  // Ctrl-J
    case 0x0b:
      return KeyKind::delete_to_end;  // Ctrl-K
    case 0x0c:
      return KeyKind::clear_screen;  // Ctrl-L
    case 0x0d:
      return KeyKind::enter;
    case 0x0e:
      return KeyKind::down;  // Ctrl-N
    case 0x10:
      return KeyKind::up;  // Ctrl-P
    case 0x15:
      return KeyKind::delete_to_start;  // Ctrl-U
    case 0x17:
      return KeyKind::delete_word;  // Ctrl-W
    case 0x1a:
      return KeyKind::suspend;  // Ctrl-Z
    case 0x7f:
      return KeyKind::backspace;
    default:
      return std::nullopt;
  }
}

// An escape sequence is complete with its final letter or tilde.
bool is_complete(std::string_view escape) {
  if (escape.size() < 2) return false;
  if (escape == "\x1b[[") return false;  // the Linux console's function keys: ESC [ [ A
  const char last = escape.back();
  if (escape[1] != '[' && escape[1] != 'O') return true;
  return escape.size() > 2 && last >= 0x40 && last <= 0x7e;
}

bool is_continuation(unsigned char byte) {
  return (byte & 0xc0) == 0x80;
}

int character_size(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

// Terminals send CR for the line breaks of a paste.
std::string pasted_text(std::string_view paste) {
  std::string text;
  for (size_t i = 0; i < paste.size(); ++i) {
    if (paste[i] == '\r') {
      text += '\n';
      if (i + 1 < paste.size() && paste[i + 1] == '\n') ++i;
    } else {
      text += paste[i];
    }
  }
  return base::to_valid_utf8(text);
}

}  // namespace

std::optional<Key> KeyDecoder::push(unsigned char byte) {
  if (in_paste_) return push_paste(byte);
  if (!is_continuation(byte)) character_.clear();  // a character that broke off
  if (!escape_.empty() || byte == 0x1b) return push_escape(byte);
  return push_plain(byte);
}

void KeyDecoder::settle() {
  if (in_paste_) return;
  escape_.clear();
  character_.clear();
}

std::optional<Key> KeyDecoder::push_paste(unsigned char byte) {
  if (byte == 0x03 || paste_.size() >= kMaxPasteBytes) {
    in_paste_ = false;
    paste_.clear();
    return Key{KeyKind::interrupt, {}};
  }
  paste_ += static_cast<char>(byte);
  if (!paste_.ends_with(kPasteEnd)) return std::nullopt;
  in_paste_ = false;
  paste_.resize(paste_.size() - kPasteEnd.size());
  return Key{KeyKind::text, pasted_text(std::exchange(paste_, {}))};
}

std::optional<Key> KeyDecoder::push_escape(unsigned char byte) {
  if (byte == 0x1b) escape_.clear();  // a new sequence
  escape_ += static_cast<char>(byte);
  if (escape_.size() > kMaxEscapeBytes) escape_.clear();
  if (!is_complete(escape_)) return std::nullopt;
  const std::string sequence = std::exchange(escape_, {});
  if (sequence == kPasteBegin) {
    in_paste_ = true;
    return std::nullopt;
  }
  for (const Sequence& each : kSequences)
    if (each.bytes == sequence) return Key{each.kind, {}};
  return Key{};
}

std::optional<Key> KeyDecoder::push_plain(unsigned char byte) {
  if (character_.empty()) {
    if (const auto key = control_key(byte)) return Key{*key, {}};
    if (byte < 0x20 && byte != '\t') return Key{};
  }
  character_ += static_cast<char>(byte);
  const int size = character_size(static_cast<unsigned char>(character_[0]));
  if (static_cast<int>(character_.size()) < size) return std::nullopt;
  return Key{KeyKind::text, base::to_valid_utf8(std::exchange(character_, {}))};
}

}  // namespace apps
