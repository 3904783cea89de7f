#pragma once
// A weight matrix of the CPU backend and where its weights lie: in panels of its own, in panels of a mapped
// file, or in rows of a mapped file, to be packed a few at a time when they are used.
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "compute/backend.h"
#include "compute/cpu/packed_matrix.h"
#include "compute/cpu/panel_memory.h"

namespace compute::cpu {

// Stands in packed files. Changes whenever a byte of any type's panels would lie elsewhere.
inline constexpr std::string_view kPanelLayoutName = "panels-16/1";

class CpuMatrix final : public Matrix {
 public:
  // REQUIRES: packed.panels lies in memory.
  CpuMatrix(const PackedMatrix& packed, PanelMemory memory) : packed_(packed), memory_(std::move(memory)) {}
  // Panels that somebody else keeps.
  explicit CpuMatrix(const PackedMatrix& packed) : packed_(packed) {}
  // Rows that somebody else keeps; `shape` has no panels.
  CpuMatrix(const PackedMatrix& shape, tensor::TensorView rows) : packed_(shape), rows_(std::move(rows)) {}

  int64_t n_out() const override { return packed_.n_rows; }
  int64_t n_in() const override { return packed_.n_columns; }
  tensor::DType type() const override { return packed_.type; }
  uint64_t size_bytes() const override {
    return rows_ ? rows_->bytes.size() : static_cast<uint64_t>(packed_.n_panels() * packed_.panel_bytes);
  }
  base::Bytes bytes() const override {
    CHECK(!rows_);
    return {packed_.panels, static_cast<size_t>(size_bytes())};
  }

  const PackedMatrix& packed() const { return packed_; }  // panels is null if there are rows()
  const std::optional<tensor::TensorView>& rows() const { return rows_; }

 private:
  PackedMatrix packed_;
  std::optional<PanelMemory> memory_;
  std::optional<tensor::TensorView> rows_;
};

}  // namespace compute::cpu
