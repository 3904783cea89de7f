#pragma once
// Which tokens of a whole vocabulary may be drawn, as a cut in the order of logit_scan.h, and the draw among
// them. Reads the logits in blocks and never sorts more than a sliver of them.
#include <limits>

#include "sampling/logit_scan.h"

namespace sampling {

// How far a logit lies below the largest one, in units of the temperature: its weight is exp(-distance).
struct Scale {
  float max_logit;
  float inverse_temperature;
  float distance(float logit) const { return (max_logit - logit) * inverse_temperature; }
};

// A token is kept if its distance is at most `distance` and it does not come after (`logit`, `id`).
struct Cut {
  float distance = std::numeric_limits<float>::infinity();
  float logit = -std::numeric_limits<float>::infinity();
  TokenId id = std::numeric_limits<TokenId>::max();
};

// The shortest run of first tokens whose weights sum up to at least `top_p` of all; at least one. Sets
// cut.logit and id.
void cut_by_mass(const LogitScan& scan, const Scale& scale, float top_p, Cut& cut);

// Draws among the kept tokens with `u` in [0, 1): the one at which the sum of weights, in order of ids,
// exceeds u times their total.
TokenId draw(const LogitScan& scan, const Scale& scale, const Cut& cut, double u);

}  // namespace sampling
