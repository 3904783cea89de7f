#pragma once
// Hand-written scanners for the splits that most models use. Each does exactly what its regular expression
// does and is recognised by that expression's exact text; anything else goes to the regular expression
// engine.
#include <memory>
#include <string_view>

#include "tokenizer/splitter.h"

namespace tokenizer {

inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// The scanner of a pattern, or null if there is none. These patterns leave no text between matches.
std::unique_ptr<Splitter> make_scanner(std::string_view pattern);

// Runs of numbers (\p{N}) and the text between them; each number by itself, or a run as one piece.
std::unique_ptr<Splitter> make_digits_splitter(bool individual);

}  // namespace tokenizer
