#pragma once
// A packed weight matrix and the memory it lies in.
#include <utility>

#include "compute/backend.h"
#include "compute/cpu/packed_matrix.h"
#include "compute/cpu/panel_memory.h"

namespace compute::cpu {

class CpuMatrix final : public Matrix {
 public:
  // REQUIRES: packed.panels lies in memory.
  CpuMatrix(const PackedMatrix& packed, PanelMemory memory) : packed_(packed), memory_(std::move(memory)) {}

  int64_t n_out() const override { return packed_.n_rows; }
  int64_t n_in() const override { return packed_.n_columns; }
  tensor::DType type() const override { return packed_.type; }
  uint64_t size_bytes() const override { return memory_.size_bytes(); }

  const PackedMatrix& packed() const { return packed_; }

 private:
  PackedMatrix packed_;
  PanelMemory memory_;
};

}  // namespace compute::cpu
