#pragma once
// Where each field of the file's blocks lies in a packed panel: one struct per type.
//
// A panel (16 rows) is a run of records; a record holds the same one or two blocks of all 16 rows, fields one
// after the other. A field of width 4 is cut into words, a word of each row beside the others; a field of
// width 2 likewise:
//
//   word w of a field   | row 0 | row 1 | ... | row 15 |     64 bytes (width 4), 32 (width 2) or 16 (width 1)
//
// So a kernel that walks along a panel reads one stream from front to back. Types with one F16 scale per
// block put two blocks into a record, those with a scale of one byte four, for alignment of the words to 64
// bytes; a last record with fewer blocks leaves the rest unused.
//
// What a further type takes: "A further type" in docs/kernels.md.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/block_layouts.h"

namespace compute::cpu {

inline constexpr int kWordBytes = 64;  // a word of 16 rows
inline constexpr int kHalfBytes = 32;  // a 16-bit field of 16 rows
inline constexpr int kByteBytes = 16;  // an 8-bit field of 16 rows

// How a word is stored.
enum class WordChange : uint8_t {
  none,
  flip_signs,   // each int8 plus 128, so that it is unsigned
  spread_bits,  // bit 4 i + b goes to bit 8 b + i: then (word >> i) & 0x01010101 belongs to elements 4 i .. 4
                // i + 3
};

struct PackedField {
  int from;        // first byte in the file's block
  int width;       // bytes of an entry: 1, 2 or 4
  int count;       // entries
  int to;          // first byte in the record, of the record's first block
  int block_step;  // from there to the next block's
  WordChange change = WordChange::none;
};

struct PackedLayout {
  tensor::DType type;
  int block_bytes;
  int block_elements;
  int record_blocks;
  int record_bytes;
  std::array<PackedField, 5> fields;  // those with a count
};

namespace layout {

struct F32 {
  static constexpr PackedLayout kLayout{tensor::DType::F32, 4, 1, 1, 64, {{{0, 4, 1, 0, 0}}}};
};
struct F16 {
  static constexpr PackedLayout kLayout{tensor::DType::F16, 2, 1, 1, 32, {{{0, 2, 1, 0, 0}}}};
};
struct BF16 {
  static constexpr PackedLayout kLayout{tensor::DType::BF16, 2, 1, 1, 32, {{{0, 2, 1, 0, 0}}}};
};

//   | d, d | qs[4 words] | qs[4 words] |
struct Q4_0 {
  static constexpr int kQuants = 64, kBlock = 4 * kWordBytes, kRecord = kQuants + 2 * kBlock;
  static constexpr PackedLayout kLayout{
      tensor::DType::Q4_0, 18, 32, 2, kRecord, {{{0, 2, 1, 0, kHalfBytes}, {2, 4, 4, kQuants, kBlock}}}};
};

//   | d | m | qs[4 words] |
struct Q4_1 {
  static constexpr int kMinimum = 32, kQuants = 64, kRecord = kQuants + 4 * kWordBytes;
  static constexpr PackedLayout kLayout{tensor::DType::Q4_1,
                                        20,
                                        32,
                                        1,
                                        kRecord,
                                        {{{0, 2, 1, 0, 0}, {2, 2, 1, kMinimum, 0}, {4, 4, 4, kQuants, 0}}}};
};

//   | d, d | qh, qs[4 words] | qh, qs[4 words] |
struct Q5_0 {
  static constexpr int kBits = 64, kQuants = kBits + kWordBytes, kBlock = 5 * kWordBytes,
                       kRecord = kBits + 2 * kBlock;
  static constexpr PackedLayout kLayout{tensor::DType::Q5_0,
                                        22,
                                        32,
                                        2,
                                        kRecord,
                                        {{{0, 2, 1, 0, kHalfBytes},
                                          {2, 4, 1, kBits, kBlock, WordChange::spread_bits},
                                          {6, 4, 4, kQuants, kBlock}}}};
};

//   | d, d | qs[8 words] | qs[8 words] |     qs plus 128
struct Q8_0 {
  static constexpr int kQuants = 64, kBlock = 8 * kWordBytes, kRecord = kQuants + 2 * kBlock;
  static constexpr PackedLayout kLayout{
      tensor::DType::Q8_0,
      34,
      32,
      2,
      kRecord,
      {{{0, 2, 1, 0, kHalfBytes}, {2, 4, 8, kQuants, kBlock, WordChange::flip_signs}}}};
};

//   | d | dmin | scales[3 words] | qs[32 words] |
struct Q4_K {
  static constexpr int kDmin = 32, kScales = 64, kQuants = kScales + 3 * kWordBytes;
  static constexpr int kRecord = kQuants + 32 * kWordBytes;
  static constexpr PackedLayout kLayout{
      tensor::DType::Q4_K,
      144,
      256,
      1,
      kRecord,
      {{{0, 2, 1, 0, 0}, {2, 2, 1, kDmin, 0}, {4, 4, 3, kScales, 0}, {16, 4, 32, kQuants, 0}}}};
};

//   | d | dmin | scales[3 words] | qh[8 words] | qs[32 words] |
struct Q5_K {
  static constexpr int kDmin = 32, kScales = 64, kBits = kScales + 3 * kWordBytes,
                       kQuants = kBits + 8 * kWordBytes;
  static constexpr int kRecord = kQuants + 32 * kWordBytes;
  static constexpr PackedLayout kLayout{tensor::DType::Q5_K,
                                        176,
                                        256,
                                        1,
                                        kRecord,
                                        {{{0, 2, 1, 0, 0},
                                          {2, 2, 1, kDmin, 0},
                                          {4, 4, 3, kScales, 0},
                                          {16, 4, 8, kBits, 0},
                                          {48, 4, 32, kQuants, 0}}}};
};

//   | d, d | scales[4 words] qh[16 words] ql[32 words] | scales[4 words] qh[16 words] ql[32 words] |
struct Q6_K {
  static constexpr int kScales = 64, kBits = kScales + 4 * kWordBytes, kQuants = kBits + 16 * kWordBytes;
  static constexpr int kBlock = 52 * kWordBytes, kRecord = 64 + 2 * kBlock;
  static constexpr PackedLayout kLayout{tensor::DType::Q6_K,
                                        210,
                                        256,
                                        2,
                                        kRecord,
                                        {{{208, 2, 1, 0, kHalfBytes},
                                          {192, 4, 4, kScales, kBlock},
                                          {128, 4, 16, kBits, kBlock},
                                          {0, 4, 32, kQuants, kBlock}}}};
};

//   | d, d | qs[4 words] | qs[4 words] |
struct IQ4_NL {
  static constexpr int kQuants = 64, kBlock = 4 * kWordBytes, kRecord = kQuants + 2 * kBlock;
  static constexpr PackedLayout kLayout{
      tensor::DType::IQ4_NL, 18, 32, 2, kRecord, {{{0, 2, 1, 0, kHalfBytes}, {2, 4, 4, kQuants, kBlock}}}};
};

//   | d | scales_h | scales_l[1 word] | qs[32 words] |
struct IQ4_XS {
  static constexpr int kHigh = 32, kLow = 64, kQuants = kLow + kWordBytes;
  static constexpr int kRecord = kQuants + 32 * kWordBytes;
  static constexpr PackedLayout kLayout{
      tensor::DType::IQ4_XS,
      136,
      256,
      1,
      kRecord,
      {{{0, 2, 1, 0, 0}, {2, 2, 1, kHigh, 0}, {4, 4, 1, kLow, 0}, {8, 4, 32, kQuants, 0}}}};
};

//   | e, e, e, e | qs[4 words] | qs[4 words] | qs[4 words] | qs[4 words] |
struct MXFP4 {
  static constexpr int kQuants = 64, kBlock = 4 * kWordBytes, kRecord = kQuants + 4 * kBlock;
  static constexpr PackedLayout kLayout{
      tensor::DType::MXFP4, 17, 32, 4, kRecord, {{{0, 1, 1, 0, kByteBytes}, {1, 4, 4, kQuants, kBlock}}}};
};

}  // namespace layout

inline constexpr std::array kLayouts{
    layout::F32::kLayout,   layout::F16::kLayout,  layout::BF16::kLayout,   layout::Q4_0::kLayout,
    layout::Q4_1::kLayout,  layout::Q5_0::kLayout, layout::Q8_0::kLayout,   layout::Q4_K::kLayout,
    layout::Q5_K::kLayout,  layout::Q6_K::kLayout, layout::IQ4_NL::kLayout, layout::IQ4_XS::kLayout,
    layout::MXFP4::kLayout,
};

// Null if matrices of this type cannot be packed.
constexpr const PackedLayout* layout_of(tensor::DType type) {
  for (const PackedLayout& layout : kLayouts)
    if (layout.type == type) return &layout;
  return nullptr;
}

}  // namespace compute::cpu
