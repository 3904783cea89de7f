#include "compute/cpu/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "base/check.h"
#include "compute/cpu/packed_layouts.h"
#include "tensor/float16.h"

namespace compute::cpu {

using tensor::DType;

bool can_pack(DType type) {
  return layout_of(type) != nullptr;
}

PackedMatrix packed_shape(DType type, int64_t n_rows, int64_t n_columns) {
  const PackedLayout* layout = layout_of(type);
  CHECK(layout != nullptr && n_columns % layout->block_elements == 0);
  const int64_t n_blocks = n_columns / layout->block_elements;
  const int64_t n_records = (n_blocks + layout->record_blocks - 1) / layout->record_blocks;
  return {.type = type,
          .n_rows = n_rows,
          .n_columns = n_columns,
          .panel_bytes = (n_records * layout->record_bytes + 63) & ~int64_t{63}};
}

namespace {

// Bit 4 i + b to bit 8 b + i, i < 8, b < 4.
uint32_t spread_bits(uint32_t word) {
  uint32_t spread = 0;
  for (int i = 0; i < 8; ++i)
    for (int b = 0; b < 4; ++b) spread |= (word >> (4 * i + b) & 1) << (8 * b + i);
  return spread;
}

template <WordChange kChange>
uint32_t changed(uint32_t word) {
  if constexpr (kChange == WordChange::flip_signs) return word ^ 0x80808080u;
  if constexpr (kChange == WordChange::spread_bits) return spread_bits(word);
  return word;
}

using PanelRows = const std::byte* [kPanelRows];  // where each row of a panel starts in the file

template <class Entry, WordChange kChange>
void interleave(const PanelRows& rows, int64_t from, int count, std::byte* to) {
  for (int i = 0; i < count; ++i) {
    Entry entries[kPanelRows];
    for (int r = 0; r < kPanelRows; ++r)
      entries[r] =
          static_cast<Entry>(changed<kChange>(base::load_le<Entry>(rows[r] + from + i * sizeof(Entry))));
    std::memcpy(to + i * sizeof entries, entries, sizeof entries);
  }
}

void interleave_field(const PackedField& field, const PanelRows& rows, int64_t from, std::byte* to) {
  if (field.width == 1) return interleave<uint8_t, WordChange::none>(rows, from, field.count, to);
  if (field.width == 2) return interleave<uint16_t, WordChange::none>(rows, from, field.count, to);
  switch (field.change) {
    case WordChange::none:
      return interleave<uint32_t, WordChange::none>(rows, from, field.count, to);
    case WordChange::flip_signs:
      return interleave<uint32_t, WordChange::flip_signs>(rows, from, field.count, to);
    case WordChange::spread_bits:
      return interleave<uint32_t, WordChange::spread_bits>(rows, from, field.count, to);
  }
}

// Types whose block is one element: the whole row is one field.
template <class Entry>
void pack_elements(const PanelRows& rows, int64_t n_columns, std::byte* to) {
  for (int64_t k = 0; k < n_columns; ++k, to += kPanelRows * sizeof(Entry))
    interleave<Entry, WordChange::none>(rows, k * static_cast<int64_t>(sizeof(Entry)), 1, to);
}

void pack_panel(const PackedLayout& layout, const PanelRows& rows, int64_t n_columns, std::byte* to) {
  if (layout.type == DType::F32) return pack_elements<uint32_t>(rows, n_columns, to);
  if (layout.block_elements == 1) return pack_elements<uint16_t>(rows, n_columns, to);
  for (int64_t block = 0; block < n_columns / layout.block_elements; ++block) {
    std::byte* record = to + block / layout.record_blocks * layout.record_bytes;
    for (const PackedField& field : layout.fields)
      interleave_field(field, rows, block * layout.block_bytes + field.from,
                       record + field.to + block % layout.record_blocks * field.block_step);
  }
}

}  // namespace

void pack_panels(const tensor::TensorView& source, std::span<const int32_t> row_order, int64_t first_panel,
                 int64_t last_panel, std::byte* panels) {
  const PackedLayout* layout = layout_of(source.dtype);
  CHECK(layout != nullptr);
  const int64_t n_rows = row_order.empty() ? source.n_rows() : static_cast<int64_t>(row_order.size());
  const PackedMatrix shape = packed_shape(source.dtype, n_rows, source.n_columns());
  const uint64_t row_bytes = tensor::row_bytes(source.dtype, source.n_columns());
  const std::unique_ptr<std::byte[]> zeros = std::make_unique<std::byte[]>(row_bytes);
  for (int64_t p = first_panel; p < last_panel; ++p) {
    PanelRows rows;
    for (int r = 0; r < kPanelRows; ++r) {
      const int64_t row = p * kPanelRows + r;
      if (row >= n_rows) {
        rows[r] = zeros.get();
        continue;
      }
      rows[r] = source.bytes.data() + (row_order.empty() ? row : row_order[row]) * row_bytes;
    }
    pack_panel(*layout, rows, source.n_columns(), panels + p * shape.panel_bytes);
  }
}

namespace {

// The fields of one row (lane) of a record.
struct Lane {
  const std::byte* record;
  int lane;
  uint32_t word(int at, int i) const {
    return base::load_le<uint32_t>(record + at + i * kWordBytes + 4 * lane);
  }
  float half(int at) const { return tensor::f16_to_f32(base::load_le<uint16_t>(record + at + 2 * lane)); }
  int byte(int at, int i) const { return word(at, i / 4) >> (8 * (i % 4)) & 0xFF; }
};

// q[j] = bits [4 high, 4 high + 4) of byte j of the field, minus `offset`.
void nibbles(const Lane& lane, int at, int high, int offset, int8_t* q, int count = 32) {
  for (int j = 0; j < count; ++j) q[j] = static_cast<int8_t>((lane.byte(at, j) >> (4 * high) & 15) - offset);
}

// The value that each code of four bits stands for; codes as in nibble_halves.
void table_values(const Lane& lane, int at, const int8_t (&values)[16], int8_t* q) {
  for (int j = 0; j < 32; ++j) q[j] = values[lane.byte(at, j % 16) >> (j / 16 * 4) & 15];
}

// The two halves of 16 bytes: elements 0..15, 16..31.
void nibble_halves(const Lane& lane, int at, int offset, int8_t* q) {
  nibbles(lane, at, 0, offset, q, 16);
  nibbles(lane, at, 1, offset, q + 16, 16);
}

UnpackedGroup unpack_q4_0(const Lane& lane, int block) {
  UnpackedGroup out{.scale = lane.half(block * kHalfBytes), .sub_scale = {1, 1}};
  nibble_halves(lane, layout::Q4_0::kQuants + block * layout::Q4_0::kBlock, 8, out.q);
  return out;
}

UnpackedGroup unpack_q4_1(const Lane& lane) {
  UnpackedGroup out{.scale = lane.half(0),
                    .has_minimum = true,
                    .minimum = lane.half(layout::Q4_1::kMinimum),
                    .sub_scale = {1, 1}};
  nibble_halves(lane, layout::Q4_1::kQuants, 0, out.q);
  return out;
}

UnpackedGroup unpack_q5_0(const Lane& lane, int block) {
  UnpackedGroup out{.scale = lane.half(block * kHalfBytes), .sub_scale = {1, 1}};
  const int at = block * layout::Q5_0::kBlock;
  nibble_halves(lane, layout::Q5_0::kQuants + at, 16, out.q);
  const uint32_t bits = lane.word(layout::Q5_0::kBits + at, 0);
  for (int j = 0; j < 32; ++j)
    out.q[j] = static_cast<int8_t>(out.q[j] + (bits >> (8 * (j % 4) + j / 4) & 1) * 16);
  return out;
}

UnpackedGroup unpack_q8_0(const Lane& lane, int block) {
  UnpackedGroup out{.scale = lane.half(block * kHalfBytes), .sub_scale = {1, 1}};
  const int at = layout::Q8_0::kQuants + block * layout::Q8_0::kBlock;
  for (int j = 0; j < 32; ++j) out.q[j] = static_cast<int8_t>(lane.byte(at, j) - 128);
  return out;
}

// Q4_K and Q5_K but for the fifth bit.
template <class Layout>
UnpackedGroup unpack_k(const Lane& lane, int group) {
  uint8_t scales[12];
  for (int i = 0; i < 12; ++i) scales[i] = static_cast<uint8_t>(lane.byte(Layout::kScales, i));
  const tensor::GroupScales6 s = tensor::group_scales6(scales, group);
  UnpackedGroup out{.scale = lane.half(0) * static_cast<float>(s.scale),
                    .has_minimum = true,
                    .minimum = -(lane.half(Layout::kDmin) * static_cast<float>(s.minimum)),
                    .sub_scale = {1, 1}};
  nibbles(lane, Layout::kQuants + group / 2 * 8 * kWordBytes, group % 2, 0, out.q);
  return out;
}

UnpackedGroup unpack_q5_k(const Lane& lane, int group) {
  UnpackedGroup out = unpack_k<layout::Q5_K>(lane, group);
  for (int j = 0; j < 32; ++j)
    out.q[j] = static_cast<int8_t>(out.q[j] + (lane.byte(layout::Q5_K::kBits, j) >> group & 1) * 16);
  return out;
}

UnpackedGroup unpack_q6_k(const Lane& lane, int block, int group) {
  using L = layout::Q6_K;
  const int at = block * L::kBlock;
  const int half = group / 4, quarter = group % 4;
  UnpackedGroup out{.scale = lane.half(block * kHalfBytes)};
  for (int i = 0; i < 2; ++i)
    out.sub_scale[i] =  // NOLINTNEXTLINE(bugprone-signed-char-misuse): a signed number, not a character
        static_cast<int8_t>(lane.byte(L::kScales + at, 2 * group + i));
  nibbles(lane, L::kQuants + at + (half * 16 + quarter % 2 * 8) * kWordBytes, quarter / 2, 32, out.q);
  for (int j = 0; j < 32; ++j)
    out.q[j] = static_cast<int8_t>(
        out.q[j] + (lane.byte(L::kBits + at + half * 8 * kWordBytes, j) >> (2 * quarter) & 3) * 16);
  return out;
}

UnpackedGroup unpack_iq4_nl(const Lane& lane, int block) {
  UnpackedGroup out{.scale = lane.half(block * kHalfBytes), .sub_scale = {1, 1}};
  table_values(lane, layout::IQ4_NL::kQuants + block * layout::IQ4_NL::kBlock, tensor::kIQ4Values, out.q);
  return out;
}

UnpackedGroup unpack_iq4_xs(const Lane& lane, int group) {
  using L = layout::IQ4_XS;
  const int low = lane.byte(L::kLow, group / 2) >> (4 * (group % 2)) & 15;
  const int high = base::load_le<uint16_t>(lane.record + L::kHigh + 2 * lane.lane) >> (2 * group) & 3;
  UnpackedGroup out{.scale = lane.half(0) * static_cast<float>((low | high << 4) - 32), .sub_scale = {1, 1}};
  table_values(lane, L::kQuants + group * 4 * kWordBytes, tensor::kIQ4Values, out.q);
  return out;
}

UnpackedGroup unpack_mxfp4(const Lane& lane, int block) {
  const uint8_t e = base::load_le<uint8_t>(lane.record + block * kByteBytes + lane.lane);
  UnpackedGroup out{.scale = tensor::half_of_e8m0(e), .sub_scale = {1, 1}};
  table_values(lane, layout::MXFP4::kQuants + block * layout::MXFP4::kBlock, tensor::kDoubledE2M1, out.q);
  return out;
}

float element(const PackedMatrix& matrix, int64_t row, int64_t k) {
  const std::byte* panel = matrix.panel(row / kPanelRows);
  const int64_t i = k * kPanelRows + row % kPanelRows;
  switch (matrix.type) {
    case DType::F32:
      return base::load_le<float>(panel + 4 * i);
    case DType::F16:
      return tensor::f16_to_f32(base::load_le<uint16_t>(panel + 2 * i));
    default:
      return tensor::bf16_to_f32(base::load_le<uint16_t>(panel + 2 * i));
  }
}

}  // namespace

UnpackedGroup unpack_group(const PackedMatrix& matrix, int64_t row, int64_t group) {
  const PackedLayout& layout = *layout_of(matrix.type);
  const int64_t block = group * 32 / layout.block_elements;
  const Lane lane{matrix.panel(row / kPanelRows) + block / layout.record_blocks * layout.record_bytes,
                  static_cast<int>(row % kPanelRows)};
  const int block_of_record = static_cast<int>(block % layout.record_blocks);
  const int group_of_block = static_cast<int>(group % (layout.block_elements / 32));
  switch (matrix.type) {
    case DType::Q4_0:
      return unpack_q4_0(lane, block_of_record);
    case DType::Q4_1:
      return unpack_q4_1(lane);
    case DType::Q5_0:
      return unpack_q5_0(lane, block_of_record);
    case DType::Q8_0:
      return unpack_q8_0(lane, block_of_record);
    case DType::Q4_K:
      return unpack_k<layout::Q4_K>(lane, group_of_block);
    case DType::Q5_K:
      return unpack_q5_k(lane, group_of_block);
    case DType::Q6_K:
      return unpack_q6_k(lane, block_of_record, group_of_block);
    case DType::IQ4_NL:
      return unpack_iq4_nl(lane, block_of_record);
    case DType::IQ4_XS:
      return unpack_iq4_xs(lane, group_of_block);
    case DType::MXFP4:
      return unpack_mxfp4(lane, block_of_record);
    default:
      break;
  }
  CHECK(false && "unpack_group of a type without groups");
}

void dequantize_packed_row(const PackedMatrix& matrix, int64_t row, float* out) {
  if (layout_of(matrix.type)->block_elements == 1) {
    for (int64_t k = 0; k < matrix.n_columns; ++k) out[k] = element(matrix, row, k);
    return;
  }
  for (int64_t group = 0; group < matrix.n_columns / 32; ++group, out += 32) {
    const UnpackedGroup g = unpack_group(matrix, row, group);
    for (int j = 0; j < 32; ++j) {
      const float product =
          g.scale * static_cast<float>(g.sub_scale[j >> 4]) * static_cast<float>(g.q[j]);  // exact
      out[j] = g.has_minimum ? product + g.minimum : product;
    }
  }
}

}  // namespace compute::cpu
