// The chain inside a model, measured: of each residual x_l = x_{l-1} + z_l the step z_l, the state
// x_{l-1} that it is added to, and where the task's loss L would have the state go, -dL/dx_{l-1}
// (Jastrzebski et al., ICLR 2018, measured the angle between the two).
//
// In evaluation mode, of the unsmoothed task loss alone, at real positions alone. In a post-norm
// stack the normalisation between two residuals is left out of the chain. In a residual network
// each stage is a chain of its own, a position is a place of the feature map, and the state of a
// stage's first residual is P x, which reaches the loss through the sum alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/classifier.h"
#include "models/translation_model.h"

namespace penalmt {

// One residual. `connection` belongs to the model.
struct ChainNode {
  int64_t layer = 1;     // of its stack, from 1; the block of a residual network's stage
  std::string sublayer;  // "self_attention", "cross_attention", "image_attention", "feed_forward",
                         // "fusion" or "block"
  PenalConnectionImpl* connection = nullptr;
};

// Residuals that add to one stream, in the order in which they do.
struct Chain {
  std::string
      stack;  // "encoder", "fusion", "decoder", "image_encoder", "image_encoder.stage1", ...
  std::vector<ChainNode> nodes;
};

// All residuals of a model: each stands in one chain.
std::vector<Chain> chains_of(TranslationModelImpl& model);
std::vector<Chain> chains_of(ClassifierImpl& model);

// What a batch's real positions show of a residual. A cosine with a vector of zeros is none.
struct NodeValues {
  std::vector<double> step;       // ||z_l||
  std::vector<double> state;      // ||x_{l-1}||
  std::vector<double> ratio;      // ||z_l|| / ||x_{l-1}||
  std::vector<double> alignment;  // cos(z_l, -dL/dx_{l-1})
  std::vector<double> turning;    // cos(z_l, z_{l+1}); none at the last residual
};
struct ChainValues {
  std::vector<NodeValues> nodes;     // as Chain::nodes
  std::vector<double> straightness;  // ||sum z_l|| / sum ||z_l||; none of a single residual
  std::vector<double> evenness;      // deviation over mean of ||z_l|| along the chain; none of one
};

// Watches the residuals of some chains from its making until its end.
class ChainRecorder : private ResidualObserver {
 public:
  // The model of the chains must outlive the recorder.
  explicit ChainRecorder(std::vector<Chain> chains);
  ~ChainRecorder() override;
  ChainRecorder(const ChainRecorder&) = delete;
  ChainRecorder& operator=(const ChainRecorder&) = delete;

  // The values of the batch passed through the model since the last call, one entry a chain; a
  // chain that the batch did not pass through has no values. loss: the batch's, [], with its graph,
  // which is used up. Gradients of parameters are not touched.
  std::vector<ChainValues> values(const at::Tensor& loss);

  const std::vector<Chain>& chains() const { return chains_; }

 private:
  struct Seen {
    at::Tensor x, z, real;  // x, z: [B, T, C] or [B, C, h, w]; real: [B, T] bool or undefined
    at::Tensor gradient;    // of the loss at x, of its shape
  };
  void see(const PenalConnectionImpl& connection, const at::Tensor& x, const at::Tensor& z,
           const Rows& rows) override;
  ChainValues of_chain(const Chain& chain, const std::vector<const Seen*>& seen) const;

  std::vector<Chain> chains_;
  std::vector<std::pair<const PenalConnectionImpl*, Seen>> seen_;
};

}  // namespace penalmt
